// What keeps a binary from starting: the loader's words (glibc's ld.so, musl's), the kernel's, and wasmvm's own check.
import { startSteps } from '../advice.js';
import type { Signature } from '../signature.js';

const libraryMissing: Signature = {
  id: 'library-missing',
  kind: 'cause',
  words: ['shared librar'],
  patterns: [
    /error while loading shared libraries: (?<library>[^:\s]{1,300}): cannot open shared object file: No such file or directory/,
    /Error loading shared library (?<library>[^:\s]{1,300}): No such file or directory/,
  ],
  means: ({ library = '' }) =>
    `The loader does not find ${library}, which the binary needs, or only for another machine (exit status 127). The binary was mostly built elsewhere, and points into a folder of the build host.`,
  toDo: (_, known) => [
    ...startSteps(['L0', 'L1'], known),
    'No other file of that name will do: the library must be of the version that the binary was built with.',
  ],
};

const libraryUnusable: Signature = {
  id: 'library-unusable',
  kind: 'cause',
  words: ['shared librar'],
  patterns: [
    /error while loading shared libraries: (?<library>[^:\s]{1,300}): (?<why>[^\n]{1,200})/,
    /Error loading shared library (?<library>[^:\s]{1,300}): (?<why>[^\n]{1,200})/,
  ],
  means: ({ library = '', why = '' }) =>
    `The loader cannot use ${library} (${why}): torn, for another machine, or no library at all.`,
  toDo: (_, known) => startSteps(['L0', 'L1', 'L2'], known),
};

const symbolMissing: Signature = {
  id: 'symbol-missing',
  kind: 'cause',
  words: ['symbol lookup error', 'Error relocating'],
  patterns: [
    /symbol lookup error: (?<file>[^:\s]{1,300}): undefined symbol: (?<symbol>[^\s,]{1,300})/,
    /Error relocating (?<file>[^:\s]{1,300}): (?<symbol>[^\s:]{1,300}): symbol not found/,
  ],
  means: ({ file = '', symbol = '' }) =>
    `${file} needs the symbol ${symbol}, which no library that was loaded has (exit status 127): a library of another version is in the place of the right one.`,
  toDo: (_, known) => startSteps(['L0', 'L1', 'L2', 'L3'], known),
};

const glibc: Signature = {
  id: 'glibc-too-old',
  kind: 'cause',
  words: ['GLIBC'],
  patterns: [/version [`'](?<version>GLIBC(?:XX)?_[\d.]{1,20})' not found(?: \(required by (?<file>[^)]{1,300})\))?/],
  means: ({ version = '', file = 'the binary' }) =>
    `${file} asks for ${version}, and this host's library is older: it was built on a newer system.`,
  toDo: (_, known) => [
    ...startSteps(['L1', 'L2'], known),
    'Build it on a system as old as this one; which one will do, beforehand: --target-glibc of cvtool verify and cvtool stage-upgrade',
  ],
};

const wasmvm: Signature = {
  id: 'wasmvm-mismatch',
  kind: 'cause',
  words: ['libwasmversion mismatch'],
  patterns: [/libwasmversion mismatch\. got: (?<got>[^;\s]{1,100}); expected: (?<expected>\S{1,100})/],
  means: ({ got = '', expected = '' }) =>
    `libwasmvm ${got} is loaded, and the binary was built with ${expected}: another library of the same name.`,
  toDo: (_, known) => startSteps(['L1', 'L3'], known),
};

const notExecutable: Signature = {
  id: 'not-executable',
  kind: 'cause',
  words: ['xec format error', 'cannot execute binary', 'status=203/EXEC'],
  patterns: [/exec format error/i, /cannot execute binary file/, /code=exited, status=203\/EXEC/],
  means: () => 'The system cannot execute the file: it was built for another machine, or is torn (exit status 126).',
  toDo: (_, known) => startSteps(['L0'], known),
};

export const startSignatures: readonly Signature[] = [
  libraryMissing,
  libraryUnusable,
  symbolMissing,
  glibc,
  wasmvm,
  notExecutable,
];

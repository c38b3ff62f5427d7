// Random trees of libraries, and what may go wrong in them, as fast-check values; written to a folder for one question.
import { chmodSync, copyFileSync, linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

import fc from 'fast-check';

import { tinyElf, type TinyElf } from './tiny-elf.js';

/** Where libraries lie. Some are subfolders that only some processors, or only older loaders, look into. */
const folders = [
  'bin',
  'd0',
  'd1',
  'd2',
  'd0/glibc-hwcaps/x86-64-v2',
  'd1/glibc-hwcaps/x86-64-v3',
  'd0/tls',
  'd1/x86_64',
];
const names = ['libva.so', 'libvb.so', 'libvc.so', 'libvd.so'];

const element = fc.constantFrom(
  ...['', '$ORIGIN', '${ORIGIN}/../d0', '$ORIGIN/../d1', '$ORIGIN/../d2/', 'd0', './d1', '@/d0', '@/d1', '@/d2'],
  ...[
    '@/nowhere',
    '@/bin/program',
    '$LIB',
    '@/d0/../d1',
    '@//d2',
    '$ORIGINAL',
    '${ORIGIN',
    '@/link',
    '$PLATFORM',
    '@/loop',
  ],
);
const list = fc.array(element, { maxLength: 3 }).map((elements) => elements.join(':'));
const sometimes = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 2 });
const needed = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...names) },
    {
      weight: 1,
      arbitrary: fc.constantFrom('$ORIGIN/libva.so', './d1/libvb.so', '@/d2/libvc.so', 'libve.so', 'libc.so.6'),
    },
  ),
  { maxLength: 3 },
);
const kind = fc.oneof(
  { weight: 12, arbitrary: fc.constant('library' as const) },
  { weight: 1, arbitrary: fc.constantFrom('32-bit', 'other machine', 'link', 'hard link', 'loop') },
);
const library = fc.record({
  kind,
  needed,
  soname: fc.option(fc.constantFrom(...names, 'libve.so'), { nil: undefined, freq: 3 }),
  rpath: sometimes(list),
  runpath: sometimes(list),
  nodeflib: fc.boolean(),
});
export const tree = fc.record({
  program: fc.record({
    needed: needed.map((own) => ['libva.so', ...own]),
    rpath: sometimes(list),
    runpath: sometimes(list),
  }),
  libraries: fc.uniqueArray(fc.tuple(fc.constantFrom(...folders), fc.constantFrom(...names), library), {
    minLength: 3,
    maxLength: 14,
    selector: ([folder, name]) => `${folder}/${name}`,
  }),
  libraryPath: sometimes(fc.array(element, { maxLength: 3 }).map((elements) => elements.join(';'))),
  preload: sometimes(
    fc.constantFrom('libvb.so', '@/d1/libvc.so', ' libvd.so:libva.so', '$ORIGIN/../d0/libva.so', 'none.so'),
  ),
});
export type Tree = typeof tree extends fc.Arbitrary<infer T> ? T : never;

/**
 * '@' stands for the tree's root.
 * @param interpreter of the program; `copied`: a copy of it in the tree's lib/
 */
export function withTree<T>(
  { program, libraries, libraryPath, preload }: Tree,
  { interpreter, copied = false }: { interpreter: string; copied?: boolean },
  use: (root: string, start: { environment: Record<string, string>; workingFolder: string }) => T,
): T {
  const root = mkdtempSync(join(tmpdir(), 'cvtool-libraries-'));
  const here = (text: string) => text.replaceAll('@', root);
  const spelled = (elf: TinyElf): TinyElf => ({
    ...elf,
    needed: elf.needed?.map(here) ?? [],
    rpath: elf.rpath === undefined ? undefined : here(elf.rpath),
    runpath: elf.runpath === undefined ? undefined : here(elf.runpath),
  });
  try {
    mkdirSync(join(root, 'bin'));
    const loader = copied ? join(root, 'lib', basename(interpreter)) : interpreter;
    if (copied) {
      mkdirSync(join(root, 'lib'));
      copyFileSync(interpreter, loader);
    }
    symlinkSync('d1', join(root, 'link'));
    symlinkSync('loop', join(root, 'loop'));
    writeFileSync(join(root, 'bin/program'), tinyElf({ ...spelled(program), interpreter: loader }));
    chmodSync(join(root, 'bin/program'), 0o755);
    for (const [folder, name, of] of libraries) {
      const path = join(root, folder, name);
      mkdirSync(dirname(path), { recursive: true });
      put(path, name, spelled(of), of.kind, root);
    }
    const environment = {
      ...(libraryPath === undefined ? {} : { LD_LIBRARY_PATH: here(libraryPath) }),
      ...(preload === undefined ? {} : { LD_PRELOAD: here(preload) }),
    };
    return use(root, { environment, workingFolder: root });
  } finally {
    rmSync(root, { recursive: true });
  }
}

function put(path: string, name: string, elf: TinyElf, kind: string, root: string): void {
  const shared = join(root, `shared-${name}`);
  if (kind === 'link' || kind === 'hard link') {
    writeFileSync(shared, tinyElf(elf));
    (kind === 'link' ? symlinkSync : linkSync)(shared, path);
  } else if (kind === 'loop') {
    symlinkSync(name, path);
  } else if (kind === '32-bit') {
    writeFileSync(path, tinyElf({ ...elf, class: 32 }));
  } else {
    writeFileSync(path, tinyElf(kind === 'other machine' ? { ...elf, machine: 8 } : elf));
  }
}

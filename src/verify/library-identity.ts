// L3: a library is the one that the program was compiled against, not merely one of its name. wasmvm v0.14.0 and v1.0.0-beta7
// ship libwasmvm.so with the same 22 symbols and another calling convention: only the bytes tell them apart.
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import type { GoBuildInfo } from '../elf/go-build-info.js';
import type { Manifest } from '../evidence/manifest.js';
import { withBytes } from './bind.js';
import type { Finding } from './finding.js';
import type { BuiltWith, LibraryFacts } from './library-facts.js';
import { moduleOf } from './library-facts.js';
import type { Resolution } from './library-search.js';
import type { LoadedObject } from './loaded-object.js';
import { versionSaidBy } from './library-version.js';

export interface IdentityEvidence {
  readonly facts: readonly LibraryFacts[];
  /** Undefined where it is no Go program. */
  readonly buildInfo: GoBuildInfo | undefined;
  /** As the loader finds them in a clean environment. */
  readonly resolution: Resolution;
  readonly manifest: Manifest | undefined;
  /** Go module caches of this host; they may be absent. */
  readonly moduleCaches: readonly string[];
  /** SHA-256 of a file by its real path. */
  readonly digestOf: (path: string) => Promise<string>;
}

/** A library that the program gets, and what is known of where it should come from. */
interface Candidate extends LibraryFacts {
  readonly library: LoadedObject;
  /** The name under which it is needed. */
  readonly file: string;
}

const wrong = 'Stage the release again: cvtool takes the library from the very module that the binary was built with.';

/** @returns one row for each library of the recipe, needed or not */
export async function judgeIdentity(evidence: IdentityEvidence): Promise<Finding[]> {
  const rows = await Promise.all(evidence.facts.map((facts) => judgeLibrary(facts, evidence)));
  return rows.length === 0 ? [row('pass', 'it needs no library that the recipe knows')] : rows.flat();
}

async function judgeLibrary(facts: LibraryFacts, evidence: IdentityEvidence): Promise<Finding[]> {
  const { resolution, buildInfo } = evidence;
  const module = moduleOf(facts, buildInfo);
  const lost = resolution.missing.find(({ name }) => facts.files.includes(name));
  if (lost !== undefined) return [row('unknown', `${lost.name} was not found, so it cannot be told which one it is`)];
  const found = resolution.objects.filter(({ name, rule }) => rule !== 'program' && facts.files.includes(name));
  if (found.length === 0) {
    if (module === undefined) return [row('pass', `it needs no lib${facts.name}`)];
    return [row('pass', `${module.path} ${module.version} is linked into it: it needs no library file`)];
  }
  return Promise.all(
    found.map((library) => judgeCandidate({ ...facts, library, file: library.name }, module, evidence)),
  );
}

async function judgeCandidate(
  candidate: Candidate,
  module: BuiltWith | undefined,
  evidence: IdentityEvidence,
): Promise<Finding> {
  const { library, file, known } = candidate;
  const digest = await evidence.digestOf(library.realPath);
  if (digest === '') return row('unknown', `${library.realPath} cannot be read`);
  const itIs = versionsOf(known, file, digest);
  if (module === undefined) return withoutModule(candidate, digest, itIs, evidence);
  const wanted = `${module.path} ${module.version}${module.replaces === undefined ? '' : ` (in the place of ${module.replaces})`}`;
  const pass = (by: string): Finding => row('pass', `${file} is that of ${wanted}: ${by}`);
  const fail = (by: string): Finding => {
    const text = `${file} is not that of ${wanted}, with which the binary was built: ${whatItIs(itIs, library)} (sha256 ${digest}, ${by})`;
    return row('fail', text, wrong);
  };
  const pinned = isPinned(module) ? known[module.version]?.[file] : undefined;
  if (pinned !== undefined) return pinned === digest ? pass('its digest is the known one') : fail(`not ${pinned}`);
  const shipped = shippedFile(candidate, module, evidence.moduleCaches);
  if (shipped !== undefined) {
    const theirs = await evidence.digestOf(shipped);
    return theirs === digest ? pass('the same bytes as in the module cache') : fail(`not ${theirs} as in ${shipped}`);
  }
  const recorded = evidence.manifest?.libraries.find(({ name }) => name === file);
  if (recorded !== undefined) return judgeRecorded(recorded, { digest, module, file, pass, fail });
  return bySaying(candidate, module, itIs, fail);
}

/** A digest in the table is that of the module itself, not of a fork that took its place. */
function isPinned({ replaces, path }: BuiltWith): boolean {
  return replaces === undefined || replaces.startsWith(`${path} `);
}

function judgeRecorded(
  recorded: Manifest['libraries'][number],
  {
    digest,
    module,
    file,
    pass,
    fail,
  }: {
    readonly digest: string;
    readonly module: BuiltWith;
    readonly file: string;
    readonly pass: (by: string) => Finding;
    readonly fail: (by: string) => Finding;
  },
): Finding {
  if (recorded.sha256 !== digest) return fail(`not ${recorded.sha256} as recorded at staging`);
  if (recorded.version === module.version) return pass('the digest that was recorded at staging');
  const said = recorded.version === null ? 'of no version' : `${recorded.module ?? 'a module'} ${recorded.version}`;
  return row('unknown', `the manifest recorded ${file} as ${said}, and the binary was built with ${module.version}`);
}

/** Without a digest to hold it against, the library's own word is all there is: enough to refuse, too little to vouch. */
function bySaying(
  { library, file }: Candidate,
  module: BuiltWith,
  itIs: readonly string[],
  fail: (by: string) => Finding,
): Finding {
  const said = saidBy(library);
  if (itIs.length > 0) return fail('a digest that is known');
  if (said !== undefined && said !== module.version.replace(/^v/, '')) return fail('by its own word');
  const own = said === undefined ? '' : `; it says itself that it is ${said}`;
  const text = `no digest of ${file} is known for ${module.path} ${module.version}, nor is the module here${own}`;
  return row('unknown', text, 'Stage it with cvtool, which compares it with the module and records its digest.');
}

/** No Go program, or none that names the module: what was recorded is all that can be held against it. */
function withoutModule(
  { file, library }: Candidate,
  digest: string,
  itIs: readonly string[],
  { manifest, buildInfo }: IdentityEvidence,
): Finding {
  const recorded = manifest?.libraries.find(({ name }) => name === file);
  const why =
    buildInfo === undefined ? 'the binary has no Go build information' : 'its build information names no module for it';
  if (recorded === undefined)
    return row('unknown', `${why}, so nothing says which ${file} it needs: ${whatItIs(itIs, library)}`);
  return recorded.sha256 === digest
    ? row('pass', `${file} has the digest that was recorded at staging (${why})`)
    : row('fail', `${file} has sha256 ${digest}, not ${recorded.sha256} as recorded at staging`, wrong);
}

function whatItIs(itIs: readonly string[], library: LoadedObject): string {
  if (itIs.length > 0) return `it is that of ${itIs.join(' and ')}`;
  const said = saidBy(library);
  return said === undefined ? 'it is none that is known' : `it says itself that it is ${said}`;
}

function saidBy(library: LoadedObject): string | undefined {
  return withBytes(library, versionSaidBy);
}

function versionsOf(known: LibraryFacts['known'], file: string, digest: string): string[] {
  return Object.entries(known)
    .filter(([, files]) => files[file] === digest || Object.values(files).includes(digest))
    .map(([version]) => version);
}

/** The module's own copy, in the first cache that has it. */
function shippedFile({ folders, file }: Candidate, module: BuiltWith, caches: readonly string[]): string | undefined {
  const name = `${escaped(module.path)}@${escaped(module.version)}`;
  if (module.version === '' || name.split('/').includes('..')) return undefined; // replaced by a folder, or hostile
  return caches
    .flatMap((cache) => folders.map((folder) => join(cache, name, folder, file)))
    .find((path) => existsSync(path));
}

/** Go's module.EscapePath: a capital letter becomes `!` and the small one. */
function escaped(path: string): string {
  return path.replace(/[A-Z]/g, (letter) => `!${letter.toLowerCase()}`);
}

function row(status: Finding['status'], text: string, hint?: string): Finding {
  return { level: 'L3', status, text, hint };
}

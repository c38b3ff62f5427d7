// The verdict on one program: every level, from what lies in the folder, what is known of it, and the host. Nothing is written,
// and nothing of the folder is executed but a program whose bytes somebody vouched for.
import { basename, dirname } from 'node:path';

import { openByteSource } from '../elf/bytes.js';
import type { ElfFile } from '../elf/elf-file.js';
import { readGoBuildInfo, type GoBuildInfo } from '../elf/go-build-info.js';
import { glibcFloor } from '../elf/versions.js';
import { CvtoolError } from '../errors/cvtool-error.js';
import type { Manifest } from '../evidence/manifest.js';
import type { Recipe } from '../recipe/schema.js';
import { withBytes } from './bind.js';
import { digestsOf, hashAll, type FoundFile } from './digests.js';
import { judgeDigests, type ManifestState } from './digest-verdict.js';
import { judgeFile } from './file-verdict.js';
import { inLevelOrder, worstStatus, type Finding, type Level, type Status } from './finding.js';
import { judgeFolderName } from './folder-name-verdict.js';
import { compareReleases, glibcReleaseOf } from './glibc-release.js';
import { judgeHandlers } from './handler-verdict.js';
import { isWithin, realPathOr } from './hidden-folders.js';
import { libraryFacts, moduleOf, type BuiltWith } from './library-facts.js';
import { judgeIdentity } from './library-identity.js';
import type { Resolution } from './library-search.js';
import { judgeLinkageTwice } from './linkage.js';
import { judgeRelease, usualFields } from './release-verdict.js';
import { startOnce } from './start-verdict.js';
import type { Subject } from './subject.js';

/** What is known of the subject beside its bytes. */
export interface Evidence {
  readonly manifest: ManifestState;
  /** May still be on its way: it is needed from L3 on. Undefined: nothing is known of the chain. */
  readonly recipe: Recipe | undefined | Promise<Recipe | undefined>;
  /** By a staging that has just built it: what was asked for. Its bytes are then vouched for. */
  readonly asked?: { readonly version: string; readonly commit: string } | undefined;
  /** By a staging: the upgrades that the source handles; undefined where it was not looked at. */
  readonly handlersInSource?: readonly string[] | undefined;
  /** The digests of the folder's files, where they were begun before. */
  readonly digests?: Promise<readonly FoundFile[]> | undefined;
}

export interface Circumstances {
  /** What the daemon will get; only LD_LIBRARY_PATH and LD_PRELOAD matter. Empty: it is judged in a clean one alone. */
  readonly daemonEnvironment: Readonly<Record<string, string | undefined>>;
  /** A release such as 2.31: the host that it goes to has that one. */
  readonly targetGlibc?: string | undefined;
  /** May a program that somebody vouched for be started? */
  readonly execute: boolean;
  /** Go module caches that may be here. */
  readonly moduleCaches: readonly string[];
  /** Folders that count as absent: the build host's own. */
  readonly hidden?: readonly string[] | undefined;
  /** False: COSMOVISOR_DISABLE_RECASE=true. */
  readonly recase: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface Verdict {
  readonly subject: Subject;
  /** In the order of the levels. */
  readonly findings: readonly Finding[];
  readonly worst: Status;
  readonly files: readonly FoundFile[];
  /** What it said of its version, now or at staging. */
  readonly said: Readonly<Record<string, string>> | undefined;
  /** Its version, where it is known. */
  readonly version: string | undefined;
  /** The oldest glibc that it starts with. */
  readonly glibcFloor: string | undefined;
  /** By a library's file name: the Go module that the program was built with. */
  readonly modules: ReadonlyMap<string, BuiltWith>;
}

/** Milliseconds for one start of the program. */
const startLimit = 30_000;

/**
 * @throws the system's error where a file cannot be read for a reason that is no verdict; the signal's reason; what the recipe's
 *   promise throws
 */
export async function verifySubject(subject: Subject, evidence: Evidence, around: Circumstances): Promise<Verdict> {
  const digests = evidence.digests ?? digestsOf(subject.folder);
  digests.catch(() => undefined); // it is awaited below, perhaps after something else has thrown
  const file = judgeFile(subject);
  if (file.elf === undefined)
    return await withoutProgram(subject, evidence, around, file.findings, file.kind, await digests);
  const source = openByteSource(subject.binary);
  try {
    return await new Judging(subject, evidence, around, { ...file.elf, source }, digests).run(file.findings);
  } catch (error) {
    if (!(error instanceof CvtoolError) || error.code !== 'ELF_INVALID') throw error;
    const finding: Finding = {
      level: 'L0',
      status: 'fail',
      text: error.message,
      hint: 'It is damaged: stage it again.',
    };
    return await withoutProgram(subject, evidence, around, [...file.findings, finding], 'unusable', await digests);
  } finally {
    source.close();
  }
}

class Judging {
  readonly #subject: Subject;
  readonly #evidence: Evidence;
  readonly #around: Circumstances;
  readonly #elf: ElfFile;
  readonly #digests: Promise<readonly FoundFile[]>;

  constructor(
    subject: Subject,
    evidence: Evidence,
    around: Circumstances,
    elf: ElfFile,
    digests: Promise<readonly FoundFile[]>,
  ) {
    this.#subject = subject;
    this.#evidence = evidence;
    this.#around = around;
    this.#elf = elf;
    this.#digests = digests;
  }

  async run(fileRows: readonly Finding[]): Promise<Verdict> {
    const { binary, folder, target, copyTo } = this.#subject;
    const { daemonEnvironment, targetGlibc, hidden } = this.#around;
    const linkage = judgeLinkageTwice(binary, { stagedFolder: folder, targetGlibc, hidden, copyTo }, daemonEnvironment);
    const recipe = await this.#evidence.recipe;
    const files = await this.#digests;
    const manifest = soundManifest(this.#evidence.manifest);
    const bytes = this.#judgeBytes(files);
    const before = [...fileRows, ...bytes.findings, ...linkage.findings];
    const floor = glibcFloorOf(linkage.resolution, realPathOr(folder));
    const start = this.#start(recipe, before, bytes.vouched, linkage.resolution, floor); // goes on while we read
    const buildInfo = readGoBuildInfo(this.#elf, { copies: false });
    const facts = libraryFacts(recipe);
    const known = new Map(files.map(({ path, sha256 }) => [realPathOr(`${folder}/${path}`), sha256]));
    const digestOf = async (path: string) => known.get(path) ?? (await hashAll([path]))[0] ?? '';
    const { moduleCaches } = this.#around;
    const identity = judgeIdentity({
      facts,
      buildInfo,
      resolution: linkage.resolution,
      manifest,
      moduleCaches,
      digestOf,
    });
    const parts = await Promise.all([start, identity]);
    const [{ finding, said: saidNow }] = parts;
    const recorded = bytes.vouched ? manifest?.version : undefined;
    const release = judgeRelease({
      target,
      recipe,
      fields: recipe?.version.fields ?? usualFields,
      manifest,
      asked: this.#evidence.asked,
      buildInfo,
      said: saidNow ?? recorded,
      saidWhen: saidNow === undefined ? 'at staging' : 'now',
    });
    const { version, tag } = release;
    const inSource = this.#evidence.handlersInSource ?? (bytes.vouched ? manifest?.handlers : undefined);
    const handlers = judgeHandlers({ target, recipe, inSource, tag, elf: this.#elf, version });
    const names = nameRows(this.#subject, this.#evidence.manifest, recipe, this.#around);
    const findings = inLevelOrder([...before, finding, ...parts[1], ...release.findings, ...handlers, ...names]);
    const modules = modulesOf(facts, linkage.resolution, buildInfo);
    const said = saidNow ?? recorded;
    return {
      subject: this.#subject,
      findings,
      worst: worstStatus(findings),
      files,
      said,
      version,
      glibcFloor: floor,
      modules,
    };
  }

  #judgeBytes(files: readonly FoundFile[]): { readonly findings: readonly Finding[]; readonly vouched: boolean } {
    if (this.#evidence.asked !== undefined) return { findings: [], vouched: true };
    return judgeDigests(this.#evidence.manifest, files, basename(this.#subject.binary));
  }

  async #start(
    recipe: Recipe | undefined,
    before: readonly Finding[],
    vouched: boolean,
    resolution: Resolution,
    floor: string | undefined,
  ): Promise<{ readonly finding: Finding; readonly said?: Readonly<Record<string, string>> | undefined }> {
    const not = (why: string) => ({
      finding: { level: 'L2', status: 'unknown', text: `it was not started: ${why}` } as const,
    });
    if (!this.#around.execute) return not('--no-exec');
    if (!vouched) return not('nobody vouched for its bytes');
    const here = glibcReleaseOf(resolution);
    if (floor !== undefined && here !== undefined && compareReleases(floor, here) > 0) {
      return not(`this host has glibc ${here}`);
    }
    // What fails for another host's glibc alone starts here all the same.
    const isInTheWay = ({ level, status, environment }: Finding): boolean =>
      status === 'fail' && environment === undefined && !(level === 'L2' && this.#around.targetGlibc !== undefined);
    if (before.some(isInTheWay)) return not('the rows above say why it would fail');
    const { signal } = this.#around;
    const args = recipe?.version.arguments ?? ['version', '--long'];
    return startOnce(this.#subject.binary, args, { timeLimit: startLimit, signal });
  }
}

/** Without a program that can be read, the levels above L0 are not known; names and digests are judged all the same. */
async function withoutProgram(
  subject: Subject,
  evidence: Evidence,
  around: Circumstances,
  fileRows: readonly Finding[],
  kind: 'elf' | 'script' | 'unusable',
  files: readonly FoundFile[],
): Promise<Verdict> {
  const recipe = await evidence.recipe;
  const why = kind === 'script' ? 'a script cannot be judged' : 'there is no program that can be judged: see L0';
  const levels: readonly Level[] = ['L1', 'L2', 'L3', 'L4', 'L5'];
  const isThere = files.some(({ path }) => path === `bin/${basename(subject.binary)}`);
  const bytes =
    evidence.manifest === undefined && !isThere
      ? []
      : judgeDigests(evidence.manifest, files, basename(subject.binary)).findings;
  const findings = [
    ...fileRows,
    ...bytes,
    ...levels.map((level): Finding => ({ level, status: 'unknown', text: why })),
    ...nameRows(subject, evidence.manifest, recipe, around),
  ];
  const nothing = { said: undefined, version: undefined, glibcFloor: undefined, modules: new Map<string, BuiltWith>() };
  return { subject, findings, worst: worstStatus(findings), files, ...nothing };
}

function nameRows(
  { folder, place = folder, target }: Subject,
  manifest: ManifestState,
  recipe: Recipe | undefined,
  { recase }: Circumstances,
): Finding[] {
  const rows: Finding[] = [];
  if (target?.kind === 'genesis') rows.push({ level: 'L6', status: 'pass', text: 'genesis is where it is looked for' });
  if (target?.kind === 'upgrade' && basename(dirname(place)) === 'upgrades') {
    rows.push(...judgeFolderName({ folder: place, name: basename(place), recipe, recase }));
  }
  const staged = soundManifest(manifest)?.target;
  if (staged === undefined || target === undefined) return rows;
  const meant = 'genesis' in staged ? 'genesis' : staged.upgrade;
  const is = target.kind === 'genesis' ? 'genesis' : target.plan;
  if (meant.toLowerCase() === is.toLowerCase()) return rows;
  const text = `the manifest says that it was staged for ${meant}, and it lies where ${is} is looked for`;
  return [
    ...rows,
    {
      level: 'L6',
      status: 'warn',
      text,
      hint: 'Stage what belongs there: a folder is not renamed to another upgrade.',
    },
  ];
}

function soundManifest(manifest: ManifestState): Manifest | undefined {
  return manifest === undefined || 'damaged' in manifest ? undefined : manifest;
}

/** Of the program and of the staged libraries that it gets. */
function glibcFloorOf({ objects }: Resolution, stagedFolder: string): string | undefined {
  return objects
    .filter(({ rule, realPath }) => rule === 'program' || isWithin(realPath, stagedFolder))
    .map((object) => withBytes(object, glibcFloor))
    .filter((release) => release !== undefined)
    .sort(compareReleases)
    .at(-1);
}

function modulesOf(
  facts: ReturnType<typeof libraryFacts>,
  { objects }: Resolution,
  buildInfo: GoBuildInfo | undefined,
): ReadonlyMap<string, BuiltWith> {
  const found = facts.flatMap((each) => {
    const module = moduleOf(each, buildInfo);
    const names = objects.map(({ name }) => name).filter((name) => each.files.includes(name));
    return module === undefined ? [] : names.map((name) => [name, module] as const);
  });
  return new Map(found);
}

// Proves, in a scratch folder, that what was collected starts on a host that never saw the build, and that it is what was asked
// for. The build host's module cache, checkout and caches count as absent.
import { readGoBuildInfo } from '../../elf/go-build-info.js';
import type { Module } from '../../elf/go-module-info.js';
import { openByteSource } from '../../elf/bytes.js';
import { readElf, type ElfFile } from '../../elf/elf-file.js';
import { glibcFloor } from '../../elf/versions.js';
import { CvtoolError } from '../../errors/cvtool-error.js';
import { stagedFiles } from '../../evidence/staged-files.js';
import type { Recipe } from '../../recipe/schema.js';
import type { Finding } from '../../verify/finding.js';
import { judgeHeader } from '../../verify/header.js';
import { judgeLinkage } from '../../verify/linkage.js';
import { askVersion, judgeVersion } from '../../verify/version.js';
import type { Collected } from '../../build/collect.js';
import type { StagingRequest } from '../request.js';
import type { Step } from '../step.js';
import type { Source } from './check-out.js';
import type { BuildSetting } from './prepare-go.js';
import type { Resolved } from './resolve.js';

export interface Verified {
  readonly findings: readonly Finding[];
  /** What the binary said of its version, by the names of its lines. */
  readonly version: Readonly<Record<string, string>>;
  readonly glibcFloor: string | undefined;
  /** By the name of a collected library: the module that it comes from, where the binary's build info names it. */
  readonly modules: ReadonlyMap<string, Pick<Module, 'path' | 'version'>>;
}

/** Milliseconds for `version --long`. */
const versionLimit = 30_000;

export const verify: Step<
  { request: StagingRequest; resolved: Resolved; source: Source; setting: BuildSetting; collected: Collected },
  { verified: Verified }
> = {
  title: 'Verify',
  async run({ request, resolved: { plan }, source, setting, collected }, { signal, progress }) {
    const { recipe } = request.recipe;
    const { folder, binary } = collected;
    const facts = readFacts(binary);
    const modules = modulesOf(recipe, collected, facts.buildInfo?.deps ?? []);
    const hidden = [source.folder, setting.moduleCache, setting.moduleAlias].filter((path) => path !== undefined);
    progress('linkage, with the module cache left out');
    const linkage = judgeLinkage(binary, { stagedFolder: folder, environment: {}, hidden });
    const findings = [...judgeHeader(facts.elf), ...linkage, ...judgePins(recipe, collected, modules)];
    refuse(findings, binary);
    progress(`${request.home.daemon} ${recipe.version.arguments.join(' ')}`);
    const version = await askVersion(binary, recipe.version.arguments, { timeLimit: versionLimit, signal });
    const expected = { version: plan.version, commit: plan.commit, fields: recipe.version.fields };
    const versionFindings = judgeVersion(version, expected);
    refuse(versionFindings, binary);
    return {
      verified: { findings: [...findings, ...versionFindings], version, glibcFloor: facts.floor, modules },
    };
  },
  outcome: ({ verified: { glibcFloor: floor, findings } }) => {
    const warnings = findings.filter(({ status }) => status === 'warn').length;
    return `it starts without the build host${floor === undefined ? '' : `, on glibc ${floor} or later`}${warnings === 0 ? '' : `, ${warnings} warnings`}`;
  },
};

function readFacts(binary: string): {
  elf: ElfFile;
  buildInfo: ReturnType<typeof readGoBuildInfo>;
  floor: string | undefined;
} {
  const source = openByteSource(binary);
  try {
    const elf = readElf(source);
    return { elf, buildInfo: readGoBuildInfo(elf), floor: glibcFloor(elf) };
  } finally {
    source.close();
  }
}

function modulesOf(recipe: Recipe, { libraries }: Collected, deps: readonly Module[]): Verified['modules'] {
  const found = libraries.flatMap(({ name }) => {
    const library = Object.values(recipe.libraries).find(({ files }) => (files as readonly string[]).includes(name));
    const module = library?.module === undefined ? undefined : deps.find(({ path }) => path === library.module);
    return module === undefined ? [] : [{ name, module: module.replace ?? module }];
  });
  return new Map(found.map(({ name, module }) => [name, module]));
}

/** A library that the recipe pins must have the pinned digest for the module version that the binary was built with. */
function judgePins(recipe: Recipe, { folder }: Collected, modules: Verified['modules']): Finding[] {
  const digests = new Map(stagedFiles(folder).map(({ path, sha256 }) => [path, sha256]));
  return [...modules].flatMap(([name, { path, version }]): Finding[] => {
    const library = Object.values(recipe.libraries).find(({ files }) => (files as readonly string[]).includes(name));
    const pins: Readonly<Record<string, string>> = library?.pinned[version] ?? {};
    const pinned = pins[name];
    const found = digests.get(`lib/${name}`);
    if (pinned === undefined) return [];
    if (found === pinned) return [{ level: 'L3', status: 'pass', text: `${name} is that of ${path} ${version}` }];
    return [
      {
        level: 'L3',
        status: 'fail',
        text: `${name} is not that of ${path} ${version}: its sha256 is ${String(found)}, not ${pinned}`,
        hint: 'Clean the module cache (go clean -modcache) and stage again; if it stays so, do not use this library.',
      },
    ];
  });
}

function refuse(findings: readonly Finding[], binary: string): void {
  const failed = findings.filter(({ status }) => status === 'fail');
  const [first] = failed;
  if (first === undefined) return;
  throw new CvtoolError('VERIFY_FAILED', `${binary} is not fit to be staged: ${first.text}`, {
    details: failed.slice(1).map(({ level, text }) => `${level}: ${text}`),
    hint: first.hint ?? 'Nothing was staged.',
  });
}

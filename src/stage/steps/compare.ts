import type { Collected } from '../../build/collect.js';
import type { Manifest } from '../../evidence/manifest.js';
import { sha256OfFile } from '../../evidence/sha256.js';
import type { ToolVersions } from '../../host/tools.js';
import type { Digest } from '../../values/digest.js';
import { compareBuilds, type BuildComparison } from '../../verify/compare-builds.js';
import type { StagingRequest } from '../request.js';
import type { Step } from '../step.js';
import type { BuildSetting } from './prepare-go.js';
import type { Resolved } from './resolve.js';

/** What a new build is held against. */
export interface StagedBuild {
  /** As the operator would say it: `genesis`, `upgrades/v2.0.6`, a path. */
  readonly name: string;
  readonly folder: string;
  readonly manifest: Manifest;
}

export interface Compared {
  /** The SHA-256 of the daemon of the new build. */
  readonly binary: Digest;
  /** undefined where nothing that is staged is looked at. */
  readonly comparison: BuildComparison | undefined;
}

interface Needs {
  request: StagingRequest;
  resolved: Resolved;
  versions: ToolVersions;
  setting: BuildSetting;
  collected: Collected;
}

/** The new build beside what is staged. */
export const compareWith = (staged: StagedBuild | undefined): Step<Needs, { compared: Compared }> => ({
  title: 'Compare',
  async run({ request, resolved: { plan }, versions, setting, collected }) {
    const binary = sha256OfFile(collected.binary);
    if (staged === undefined) return { compared: { binary, comparison: undefined } };
    const circumstances = {
      ...{ cvtool: request.cvtool, environment: plan.environment, commands: plan.commands },
      ...{ go: setting.go?.version ?? null, cc: versions.cc ?? null, ld: versions.ld ?? null },
      libc: versions.libc ?? null,
    };
    const comparison = await compareBuilds(staged, { folder: collected.folder, circumstances });
    return { compared: { binary, comparison } };
  },
  outcome: ({ compared: { binary, comparison } }) => {
    if (comparison === undefined) return `sha256 ${binary}`;
    const { files } = comparison;
    const apart = files.filter(({ same }) => !same).length;
    if (apart > 0) return `${apart} of ${files.length} files ${apart === 1 ? 'differs' : 'differ'}`;
    return files.length === 1 ? 'the same bytes' : `${files.length} files, the same bytes`;
  },
});

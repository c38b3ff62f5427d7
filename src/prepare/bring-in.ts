// A binary from outside into its place under cosmovisor/: fetched aside, vouched for, unpacked, verified, renamed. Nothing of it is executed
// or unpacked before what was asked to vouch for it does, and nothing is in the place before all of it holds.
import { chmodSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { CvtoolError } from '../errors/cvtool-error.js';
import { readManifest } from '../evidence/manifest.js';
import { stagedFiles } from '../evidence/staged-files.js';
import { openDownloadFolder } from '../home/download-folder.js';
import { binaryIn, type StagingTarget } from '../home/paths.js';
import { asWriteProblem } from '../home/write-problem.js';
import { arrange } from '../install/arrange.js';
import { formatByContent } from '../install/format-by-content.js';
import { fetchChecked } from '../install/fetch-checked.js';
import { publishFolder, type Published } from '../install/publish-folder.js';
import { unpackArchive } from '../install/unpack.js';
import { Pipeline, type RunPipeline, type Step, type StepTools } from '../stage/step.js';
import { parsePlanName } from '../values/plan-name.js';
import type { Finding } from '../verify/finding.js';
import { archiveBounds, largestFile, limitsOf, type Begun, type BringIn, type FetchedFile } from './arriving.js';
import { judgeArrival } from './judge-arrival.js';
import { refuseUnvouched, vouch } from './vouch.js';

const fetch: Step<Begun, { fetched: FetchedFile }> = {
  title: 'Fetch',
  async run({ request, folder }, tools) {
    const { source, checksum, warn } = request;
    const file = join(folder, 'file');
    const options = { ...limitsOf(request, tools), largest: largestFile, checksum, warn };
    const onProgress = (bytes: number, of: number | undefined): void =>
      tools.progress(
        `${mebibytes(bytes)}${of === undefined ? '' : ` of ${mebibytes(of)}`} MiB of ${source.address.href}`,
      );
    return { fetched: { file, bytes: await fetchChecked(source.address, file, { ...options, onProgress }) } };
  },
  outcome: ({ fetched: { bytes } }) => `${mebibytes(bytes)} MiB`,
};

interface Arrived {
  /** With bin/ in it. */
  readonly folder: string;
  readonly target: StagingTarget;
}

const unpack: Step<Begun & { fetched: FetchedFile }, { arrived: Arrived }> = {
  title: 'Unpack',
  async run({ request, folder, fetched: { file } }, { signal }) {
    const { source, home } = request;
    const tree = join(folder, 'tree');
    let top = tree;
    if (source.format === undefined) {
      refuseArchive(file, source);
      mkdirSync(join(tree, 'bin'), { recursive: true });
      for (const each of [tree, join(tree, 'bin')]) chmodSync(each, 0o755);
      renameSync(file, binaryIn(home, tree));
      chmodSync(binaryIn(home, tree), 0o755);
    } else {
      const options = { signal, bounds: archiveBounds, single: home.daemon };
      const files = await unpackArchive(file, source.format, tree, options);
      top = arrange(tree, files, home.daemon, source.within, source.address.href);
      rmSync(file);
    }
    return { arrived: { folder: top, target: request.target ?? targetOf(top, request) } };
  },
};

const verify: Step<Begun & { arrived: Arrived; vouchedBy: string | undefined }, { findings: readonly Finding[] }> = {
  title: 'Verify',
  async run({ request, arrived, vouchedBy }, { signal }) {
    const execute = request.execute && vouchedBy !== undefined;
    return { findings: await judgeArrival({ ...request, ...arrived, execute }, signal) };
  },
  outcome: ({ findings }) => {
    const count = findings.filter(({ status }) => status === 'warn' || status === 'fail').length;
    return count === 0 ? 'it will start here' : `it will start here; warnings: ${count}`;
  },
};

const place: Step<Begun & { arrived: Arrived }, { published: Published }> = {
  title: 'Install',
  async run({ request: { home, force }, arrived: { folder, target } }, { signal, progress }) {
    const publishing = {
      ...{ home, target, force, files: stagedFiles(folder) },
      fill: (scratch: string) => renameSync(folder, scratch),
    };
    const published = await publishFolder(publishing, signal, (holder) =>
      progress(`waiting for process ${holder ?? 'unknown'}, which is staging into this home`),
    );
    return { published };
  },
  outcome: ({ published: { folder, unchanged } }) => (unchanged ? `${folder} holds the same bytes already` : folder),
};

const pipeline = Pipeline.from<Begun>().then(fetch).then(vouch).then(unpack).then(verify).then(place);

export interface BroughtIn {
  readonly target: StagingTarget;
  readonly published: Published;
  readonly vouchedBy: string | undefined;
  readonly findings: readonly Finding[];
}

/**
 * @param run shows how it goes
 * @throws what a step throws; then the home is as it was
 */
export async function bringIn(request: BringIn, run: RunPipeline): Promise<BroughtIn> {
  refuseUnvouched(request);
  request.recipe.catch(() => undefined); // awaited late, perhaps after something else has thrown
  try {
    const download = openDownloadFolder(request.home);
    try {
      const { context } = await run(pipeline, { request, folder: download.path });
      const { arrived, published, vouchedBy, findings } = context;
      return { target: arrived.target, published, vouchedBy, findings };
    } finally {
      download.close();
    }
  } catch (error) {
    throw asWriteProblem(error, request.home);
  }
}

/** Runs a pipeline with nobody to watch it but `tools`. */
export function quietly(tools: StepTools): RunPipeline {
  return async <Context extends object>({ steps }: Pipeline<Context>, start: object) => {
    for (const step of steps) {
      tools.signal.throwIfAborted();
      Object.assign(start, await step.run(start, tools));
    }
    return { context: start as Context, times: [] };
  };
}

/** @throws ARCHIVE_INVALID for what would otherwise be told to be no program */
function refuseArchive(file: string, { address }: BringIn['source']): void {
  const format = formatByContent(file);
  if (format === undefined) return;
  throw new CvtoolError('ARCHIVE_INVALID', `${address.href} is ${format}, and its address does not say so`, {
    hint: 'The path of the address must end in .tar.gz, .zip or the like, or its query say it: archive=tar.gz.',
  });
}

/** @throws USAGE where the archive does not say what it is for */
function targetOf(folder: string, { home, source, recase }: BringIn): StagingTarget {
  const manifest = readManifest(folder);
  if (manifest === undefined) {
    throw new CvtoolError('USAGE', `${source.address.href} does not say what it is for`, {
      hint: 'Say it: --as genesis, or --as <name of the upgrade>.',
    });
  }
  if (manifest.daemon !== home.daemon) {
    throw new CvtoolError(
      'USAGE',
      `${source.address.href} is of ${manifest.daemon}, and this home is of ${home.daemon}`,
      {
        hint: 'Set DAEMON_NAME or --name, or take another archive.',
      },
    );
  }
  if (!('upgrade' in manifest.target)) return { kind: 'genesis' };
  return { kind: 'upgrade', plan: parsePlanName(manifest.target.upgrade, { recase, fromChain: true }) };
}

function mebibytes(bytes: number): string {
  return (bytes / 1024 ** 2).toFixed(1);
}

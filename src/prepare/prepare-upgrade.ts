// Ahead of the height: which plan does the chain have, and is its binary here, fit to start? What is missing is fetched from the plan's
// info, whatever DAEMON_ALLOW_DOWNLOAD_BINARIES says: whoever calls this asks for it.
import { existsSync, lstatSync } from 'node:fs';

import { queryCurrentPlan, type CurrentPlan } from '../chain/current-plan.js';
import { formatGrpcAddress, parseGrpcAddress } from '../chain/grpc-address.js';
import type { Environment } from '../config/environment.js';
import { goModuleCaches } from '../config/folders.js';
import { CvtoolError } from '../errors/cvtool-error.js';
import { binaryIn, targetFolder, type HomePaths, type StagingTarget } from '../home/paths.js';
import type { Recipe } from '../recipe/schema.js';
import type { BringIn } from './arriving.js';
import { bringIn, quietly } from './bring-in.js';
import { planSource } from './plan-source.js';
import { unfitRows } from '../stage/by-hand/judge.js';
import { tellFindings, type Tell } from '../stage/by-hand/tell.js';
import { parsePlanName, type PlanName } from '../values/plan-name.js';
import { manifestState } from '../verify/manifest-state.js';
import { stagedSubject } from '../verify/subject.js';
import { verifySubject } from '../verify/verdict.js';

export interface Preparing {
  readonly home: HomePaths;
  /** DAEMON_GRPC_ADDRESS. */
  readonly address: string;
  readonly recase: boolean;
  /** Loaded once there is a plan; undefined: it is not known which chain it is. */
  readonly recipe: () => Promise<Recipe | undefined>;
  readonly environment: Environment;
  /** DAEMON_DOWNLOAD_MUST_HAVE_CHECKSUM. */
  readonly mustHaveChecksum: boolean;
  /** Milliseconds for a download, and without a byte of it. */
  readonly timeLimit: number;
  readonly stallLimit: number | undefined;
  readonly checkStart: BringIn['checkStart'];
  /** Begins to listen for what interrupts a download. */
  readonly interrupted: () => AbortSignal;
}

/**
 * Where the chain has no plan there is nothing to do.
 * @throws CONFIG_INVALID, NODE_UNREACHABLE, NAME_INVALID, NOT_STAGED, TARGET_DIFFERS, what a download throws; VERIFY_FAILED where it
 *   would not start
 */
export async function prepareUpgrade(preparing: Preparing, tell: Tell): Promise<void> {
  const { home, recase } = preparing;
  const address = parseGrpcAddress(preparing.address);
  tell.info('grpc', 'Using gRPC address', { address: formatGrpcAddress(address) });
  const plan = await queryCurrentPlan(address);
  if (plan === undefined) {
    tell.info('no-plan', 'No active upgrade plan found');
    return;
  }
  const { name, height } = plan;
  tell.info('preparing', 'Preparing for upgrade', { name, height });
  const target: StagingTarget = { kind: 'upgrade', plan: parsePlanName(name, { recase, fromChain: true }) };
  const binary = binaryIn(home, targetFolder(home, target));
  if (existsSync(binary)) await verifyStaged(target, preparing, tell);
  else await download(target, plan, preparing, tell);
  tell.info('prepared', 'Upgrade preparation complete', { name, height });
}

/** @throws VERIFY_FAILED for what fails L0 or L1 */
async function verifyStaged(
  target: StagingTarget,
  { home, recase, recipe, environment }: Preparing,
  tell: Tell,
): Promise<void> {
  const subject = stagedSubject(home, target);
  const verdict = await verifySubject(
    subject,
    { manifest: manifestState(subject.folder), recipe: recipe() },
    { daemonEnvironment: environment, execute: false, moduleCaches: goModuleCaches(environment), recase },
  );
  const [unfit] = unfitRows(verdict.findings);
  if (unfit === undefined) return tellFindings(subject.name, verdict.findings, tell);
  throw new CvtoolError('VERIFY_FAILED', `${subject.binary} is not fit to be run: ${unfit.level}: ${unfit.text}`, {
    hint: unfit.hint ?? `cvtool verify ${subject.binary}`,
  });
}

/** @throws NOT_STAGED where the info names no binary; TARGET_DIFFERS; what `planSource` and `bringIn` throw */
async function download(
  target: Extract<StagingTarget, { kind: 'upgrade' }>,
  plan: CurrentPlan,
  preparing: Preparing,
  tell: Tell,
): Promise<void> {
  const { home } = preparing;
  const folder = targetFolder(home, target);
  if (plan.info.trim() === '') throw notStaged(binaryIn(home, folder), target.plan, plan);
  if (lstatSync(folder, { throwIfNoEntry: false }) !== undefined) {
    throw new CvtoolError('TARGET_DIFFERS', `${folder} already exists, and is not overwritten`, {
      hint: `It has no bin/${home.daemon}: put the binary there, or move the folder away.`,
    });
  }
  const signal = preparing.interrupted();
  const tools = { signal, progress: () => undefined, output: () => undefined };
  const warn = (text: string): void => tell.warn(text);
  try {
    const { url, source } = await planSource(plan.info, { ...preparing, warn }, tools);
    tell.info('downloading', 'Downloading upgrade binary', { url });
    const how = { keys: [], signature: 'never', acceptUnvouched: true, force: false, execute: false } as const;
    const request = {
      ...preparing,
      ...how,
      source,
      target,
      checksum: source.checksum,
      recipe: preparing.recipe(),
      warn,
    };
    await bringIn(request, quietly(tools));
  } catch (error) {
    if (!(error instanceof CvtoolError) || signal.aborted) throw error;
    const { code, message, details, hint, cause } = error;
    throw new CvtoolError(code, `failed to download and verify binary: ${message}`, { details, hint, cause });
  }
}

function notStaged(binary: string, plan: PlanName, { height }: CurrentPlan): CvtoolError {
  const message = `the binary of upgrade ${plan}, at height ${height}, is not staged: stat ${binary}: no such file or directory`;
  return new CvtoolError('NOT_STAGED', `${message}; plan info is blank, so there is nothing to download`, {
    hint: `Stage it: \`cvtool stage-upgrade ${plan}\`, or \`cvtool add-upgrade ${plan} <path>\` with a binary that you have.`,
  });
}

// Ahead of the height: which plan does the chain have, and is its binary here, fit to start? What is missing will be fetched by what
// comes with install/; until then that is an error which says so.
import { existsSync } from 'node:fs';

import { queryCurrentPlan, type CurrentPlan } from '../chain/current-plan.js';
import { formatGrpcAddress, parseGrpcAddress } from '../chain/grpc-address.js';
import type { Environment } from '../config/environment.js';
import { goModuleCaches } from '../config/folders.js';
import { CvtoolError } from '../errors/cvtool-error.js';
import { binaryIn, targetFolder, type HomePaths, type StagingTarget } from '../home/paths.js';
import type { Recipe } from '../recipe/schema.js';
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
}

/**
 * Where the chain has no plan there is nothing to do.
 * @throws CONFIG_INVALID, NODE_UNREACHABLE, NAME_INVALID, NOT_STAGED; VERIFY_FAILED where it would not start
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
  if (!existsSync(binary)) throw notStaged(binary, target.plan, plan);
  await verifyStaged(target, preparing, tell);
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

function notStaged(binary: string, plan: PlanName, { height, info }: CurrentPlan): CvtoolError {
  const download =
    info.trim() === ''
      ? 'plan info is blank, so there is nothing to download'
      : 'this cvtool does not download binaries yet';
  const message = `the binary of upgrade ${plan}, at height ${height}, is not staged: stat ${binary}: no such file or directory; ${download}`;
  return new CvtoolError('NOT_STAGED', message, {
    details: info.trim() === '' ? [] : [`The plan's info: ${info.slice(0, longest)}`],
    hint: `Stage it: \`cvtool stage-upgrade ${plan}\`, or \`cvtool add-upgrade ${plan} <path>\` with a binary that you have.`,
  });
}

/** Characters of the info that are shown. */
const longest = 500;

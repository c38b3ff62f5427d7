// What has come from outside, judged before it is put in its place: L0 to L3 decide, L4 and L5 warn (spec, Downloads).
import type { Environment } from '../config/environment.js';
import { goModuleCaches } from '../config/folders.js';
import { CvtoolError } from '../errors/cvtool-error.js';
import { binaryIn, targetFolder, targetName, type HomePaths, type StagingTarget } from '../home/paths.js';
import type { Recipe } from '../recipe/schema.js';
import type { Finding, Level } from '../verify/finding.js';
import { manifestState } from '../verify/manifest-state.js';
import { verifySubject } from '../verify/verdict.js';
import type { BringIn } from './arriving.js';

export interface Arrival {
  readonly home: HomePaths;
  /** With bin/ in it. */
  readonly folder: string;
  readonly target: StagingTarget;
  readonly recipe: Promise<Recipe | undefined>;
  readonly environment: Environment;
  readonly recase: boolean;
  /** May it be started once? */
  readonly execute: boolean;
  readonly checkStart: BringIn['checkStart'];
  readonly warn: (text: string) => void;
}

const deciding: readonly Level[] = ['L0', 'L1', 'L2', 'L3'];
/** What is judged of a binary that finds its libraries alone; L1 of one that is helped to them `checkStart` has judged. */
const ofLinkage: readonly Level[] = ['L1', 'L2'];

/** @returns what was found @throws VERIFY_FAILED where it would not start here, or a library is not what it must be */
export async function judgeArrival(arrival: Arrival, signal: AbortSignal): Promise<readonly Finding[]> {
  const { home, folder, target, recipe, environment, recase, execute, warn } = arrival;
  const place = targetFolder(home, target);
  const binary = binaryIn(home, folder);
  const there = (text: string): string => text.replaceAll(folder, place); // it is gone by the time that this is read
  let helped: boolean;
  try {
    helped = arrival.checkStart(binary, folder);
  } catch (error) {
    if (!(error instanceof CvtoolError)) throw error;
    const { code, message, details, hint, cause } = error;
    throw new CvtoolError(code, there(message), { details: details.map(there), hint: hint && there(hint), cause });
  }
  const { findings } = await verifySubject(
    { name: targetName(target), folder, binary, target, place },
    { manifest: manifestState(folder), recipe },
    { daemonEnvironment: environment, execute, moduleCaches: goModuleCaches(environment), recase, signal },
  );
  const levels = deciding.filter((level) => !helped || !ofLinkage.includes(level));
  const bad = findings.filter(
    ({ level, status, environment: only }) => status === 'fail' && levels.includes(level) && only === undefined,
  );
  const [first] = bad;
  if (first !== undefined) {
    const said = ({ level, text }: Finding): string => there(`${level}: ${text}`);
    throw new CvtoolError('VERIFY_FAILED', `${targetName(target)} is not fit to be run here: ${said(first)}`, {
      details: bad.slice(1).map(said),
      hint: first.hint === undefined ? 'Nothing of it was kept.' : there(first.hint),
    });
  }
  for (const { level, status, text } of findings)
    if (status === 'fail' || status === 'warn') warn(there(`${targetName(target)}: ${level}: ${text}`));
  return findings;
}

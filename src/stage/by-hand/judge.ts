// What is added by hand passes the verification that is passed by what we build, before anything is copied: as if it lay already in
// the place that it will have. Nothing of it is executed.
import { statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import type { Environment } from '../../config/environment.js';
import { goModuleCaches } from '../../config/folders.js';
import { CvtoolError } from '../../errors/cvtool-error.js';
import { systemReason } from '../../errors/system-reason.js';
import { binaryIn, targetFolder, targetName, type HomePaths, type StagingTarget } from '../../home/paths.js';
import type { Recipe } from '../../recipe/schema.js';
import type { Finding } from '../../verify/finding.js';
import { realPathOr } from '../../verify/hidden-folders.js';
import { verifySubject, type Verdict } from '../../verify/verdict.js';
import type { Addition } from './additions.js';

export interface Judged {
  readonly verdict: Verdict;
  readonly unfit: readonly Finding[];
}

/** The rules by which it is judged. */
export interface Judging {
  readonly home: HomePaths;
  readonly recase: boolean;
  /** Of the chain, where it is known which one it is. */
  readonly recipe: Recipe | undefined;
  readonly environment: Environment;
}

/** @throws USAGE where the file is none that could be copied */
export function checkFile({ file }: Pick<Addition, 'file'>): void {
  const hint = 'Give the path of the binary.';
  if (file === '') throw new CvtoolError('USAGE', 'invalid executable path: it is empty', { hint });
  let stat;
  try {
    stat = statSync(file);
  } catch (cause) {
    const message = `invalid executable path: stat ${file}: ${systemReason(cause)}`;
    throw new CvtoolError('USAGE', message, { hint, cause });
  }
  if (stat.isFile()) return;
  const what = stat.isDirectory() ? 'is a directory' : 'is no regular file';
  throw new CvtoolError('USAGE', `invalid executable path: ${file} ${what}`, { hint });
}

/** @throws the system's error */
export function judge({ name, file }: Addition, judging: Judging): Promise<Judged> {
  return judgeFor(file, { kind: 'upgrade', plan: name }, judging);
}

/** The same for genesis too. @throws the system's error */
export async function judgeFor(
  file: string,
  target: StagingTarget,
  { home, recase, recipe, environment }: Judging,
): Promise<Judged> {
  const place = targetFolder(home, target);
  const folder = placeByRealPath(place);
  const verdict = await verifySubject(
    { name: targetName(target), folder, binary: file, target, place, copyTo: binaryIn(home, folder) },
    { manifest: undefined, recipe, digests: Promise.resolve([]) }, // what lies around the file stays there
    {
      daemonEnvironment: environment,
      execute: false,
      moduleCaches: goModuleCaches(environment),
      recase,
    },
  );
  return { verdict, unfit: unfitRows(verdict.findings) };
}

/** @throws VERIFY_FAILED where there is one */
export function refuseUnfit(unfit: readonly (Finding & { readonly file: string; readonly name: string })[]): void {
  const [first] = unfit;
  if (first === undefined) return;
  const said = ({ file, name, level, text }: typeof first): string => `${file} for ${name}: ${level}: ${text}`;
  throw new CvtoolError('VERIFY_FAILED', `not fit to be run here: ${said(first)}`, {
    details: unfit.slice(1).map(said),
    hint: [...(first.hint === undefined ? [] : [first.hint]), 'With --force it is taken all the same.'].join('\n'),
  });
}

/** What fails L0 or L1, so that it would not start here; not what only the environment of this shell brings about. */
export function unfitRows(findings: readonly Finding[]): readonly Finding[] {
  return findings.filter(
    ({ level, status, environment }) =>
      status === 'fail' && (level === 'L0' || level === 'L1') && environment === undefined,
  );
}

/** The links on the way followed as far as it is there: $ORIGIN has none in it. */
function placeByRealPath(path: string): string {
  const real = realPathOr(path);
  if (real !== path || path === '/') return real;
  return join(placeByRealPath(dirname(path)), basename(path));
}

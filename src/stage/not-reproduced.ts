// The error of a reproduction with other bytes: which files, by their digests, then in what they differ.
import { CvtoolError } from '../errors/cvtool-error.js';
import type { BuildDifference } from '../verify/build-difference.js';
import type { ComparedFile } from '../verify/compare-builds.js';
import type { Reproduction } from './reproduce.js';

/** @param reproduction one of which the bytes are not the same */
export function notReproduced(reproduction: Reproduction): CvtoolError {
  const { staged, compared, expected, daemon, plan } = reproduction;
  const { files, differences } = compared.comparison ?? { files: [], differences: [] };
  const apart = files.filter(({ same }) => !same);
  const digests = `sha256 ${compared.binary} built, ${expected ?? 'none'} expected`;
  const isExpected = expected === undefined || expected === compared.binary;
  const message =
    staged === undefined || apart.length === 0
      ? `bin/${daemon} of a new build of tag ${plan.tag} is not the expected one: ${digests}`
      : `${staged.name} is not reproduced: a new build of tag ${plan.tag} differs in ${namesOf(apart)}`;
  const details = [
    ...apart.flatMap(fileLines),
    ...(isExpected || apart.length === 0 ? [] : [`bin/${daemon}: ${digests}`]),
    ...differences.map(differenceLine),
  ];
  return new CvtoolError('NOT_REPRODUCED', message, { details, hint: wayOut(reproduction, apart) });
}

/** `compiler: cc: gcc 12 at staging, gcc 13 now` */
export function differenceLine({ kind, file, text }: BuildDifference): string {
  return [kind, ...(file === undefined ? [] : [file]), text].join(': ');
}

function namesOf(files: readonly ComparedFile[]): string {
  const paths = files.map(({ path }) => path);
  return paths.length <= 3 ? paths.join(', ') : `${paths.slice(0, 3).join(', ')} and ${paths.length - 3} more`;
}

function fileLines({ path, staged, recorded, built }: ComparedFile): string[] {
  const state = (digest: string | undefined): string =>
    digest === undefined ? 'nothing' : digest === '' ? 'no regular file that can be read' : digest;
  const lines = [`${path}: sha256 ${state(staged)} staged, ${state(built)} built`];
  if (recorded === undefined) return [...lines, `${path}: the manifest says nothing of it`];
  if (staged === recorded) return lines;
  const whose =
    recorded === built ? 'the new build has what its manifest says' : `its manifest says sha256 ${recorded}`;
  return [...lines, `${path}: changed after it was staged: ${whose}`];
}

function wayOut({ compared, keptSource }: Reproduction, apart: readonly ComparedFile[]): string {
  const kept =
    keptSource === undefined
      ? '--keep-source leaves the new build, for you to compare it with other tools.'
      : `The new build is kept in ${keptSource}/staged.`;
  const differsAround = compared.comparison?.differences.some(({ file }) => file === undefined) === true;
  if (apart.length === 0) {
    return `Was it built by cvtool, with this compiler? What make alone leaves has other paths and build ids in it.\n${kept}`;
  }
  if (apart.every(({ built, recorded }) => built !== undefined && built === recorded)) {
    return 'The release is sound, the staged files are not: stage it again with --force, and find out who changed them.';
  }
  if (differsAround)
    return `Build it where these are as they were at its staging, to see whether they are the cause.\n${kept}`;
  return kept;
}

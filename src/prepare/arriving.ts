// What is to be brought in from outside, and by which rules.
import type { Environment } from '../config/environment.js';
import type { HomePaths, StagingTarget } from '../home/paths.js';
import type { Checksum } from '../install/checksum.js';
import type { Source } from '../install/source.js';
import type { Recipe } from '../recipe/schema.js';
import type { StepTools } from '../stage/step.js';
import type { TrustedKey } from '../values/public-key.js';

export interface BringIn {
  readonly home: HomePaths;
  readonly source: Source;
  /** Where it goes; undefined: where the archive's manifest says. */
  readonly target: StagingTarget | undefined;
  /** What vouches for it. */
  readonly checksum: Checksum | undefined;
  /** Whose signature counts. */
  readonly keys: readonly TrustedKey[];
  /** `always`: one must be there and hold. `instead`: where there is no checksum. */
  readonly signature: 'always' | 'instead' | 'never';
  /** It is taken also where nothing vouches for it: then nothing of it is executed. */
  readonly acceptUnvouched: boolean;
  /** Also where other files are there. */
  readonly force: boolean;
  /** May it be started once, for verification? */
  readonly execute: boolean;
  readonly environment: Environment;
  readonly recase: boolean;
  readonly recipe: Promise<Recipe | undefined>;
  /** Milliseconds for fetching it. */
  readonly timeLimit: number;
  /** Milliseconds without a byte. */
  readonly stallLimit?: number | undefined;
  /**
   * @returns whether an LD_LIBRARY_PATH helps it to its libraries: then it need not find them alone
   * @throws VERIFY_FAILED for what would not start in the environment of a node
   */
  readonly checkStart: (binary: string, folder: string) => boolean;
  readonly warn: (text: string) => void;
}

const gibibyte = 1024 ** 3;
/** Of an archive, unpacked: a chain's binary with its libraries has some 150 MB, and is compressed to a third. */
export const archiveBounds = { largest: 2 * gibibyte, mostFiles: 10_000, mostRatio: 100 };
/** In bytes, as it is fetched. */
export const largestFile = gibibyte;

export interface Begun {
  readonly request: BringIn;
  /** A download's own. */
  readonly folder: string;
}

export interface FetchedFile {
  readonly file: string;
  readonly bytes: number;
}

/** For each of its requests. */
export function limitsOf({ environment, timeLimit, stallLimit }: BringIn, { signal, progress }: StepTools) {
  return { environment, timeLimit, stallLimit, signal, onRetry: (said: string) => progress(`${said}: going on`) };
}

// What was asked for, every value parsed: the input of a staging.
import type { Environment } from '../config/environment.js';
import type { CacheFolders } from '../config/folders.js';
import type { Mirror, ReachOptions } from '../git/mirror.js';
import type { HomePaths, StagingTarget } from '../home/paths.js';
import type { LoadedRecipe } from '../recipe/load.js';
import type { CommitPrefix } from '../values/commit.js';
import type { GitAddress } from '../values/git-address.js';
import type { Tag } from '../values/tag.js';

export interface StagingRequest {
  readonly target: StagingTarget;
  readonly recipe: LoadedRecipe;
  readonly address: GitAddress;
  readonly home: HomePaths;
  readonly tag: Tag | undefined;
  readonly commit: CommitPrefix | undefined;
  readonly force: boolean;
  readonly offline: boolean;
  /** Neither a mirror nor Go's build cache of an earlier run is used. */
  readonly fresh: boolean;
  readonly keepSource: boolean;
  /** The glibc of the host that it is for, such as 2.31; undefined: this host's. */
  readonly targetGlibc?: string | undefined;
  /** Somebody at a terminal will be asked about a tag that nobody vouches for. */
  readonly attended: boolean;
  readonly environment: Environment;
  readonly folders: CacheFolders;
  /** Milliseconds without a word from git. */
  readonly stallLimit: number;
  /** Milliseconds for one build command; undefined: the recipe's. */
  readonly buildLimit: number | undefined;
  /** Where several stagings share a mirror, which is fetched at most once for all of them. */
  readonly shared?: {
    readonly mirrorsFolder: string;
    readonly sync: (mirror: Mirror, reach: ReachOptions) => Promise<void>;
  };
  /** The version of cvtool, for the manifest. */
  readonly cvtool: string;
}

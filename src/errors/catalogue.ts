// The codes of all errors that a user or a host can cause: as data, so that docs/exit-status.md is printed from it.

/** What a script that calls cvtool can tell apart. The meaning of each status stands in `exitStatuses`. */
export const exitStatuses = {
  1: 'wrong call or configuration: an option, a variable, a name, a recipe',
  3: 'unknown: no such release, tag, commit or staged folder',
  4: 'this host is not ready: a tool, a Go, space or a permission is missing',
  5: 'the source cannot be had: an address unreachable, or what came from it is not what was expected',
  6: 'the build failed or ran out of time',
  7: 'verification failed: the binary or a library is not what it must be',
  8: 'the target is taken: staged with other bytes, in use, or another cvtool is at work there',
  70: 'a bug in cvtool',
  129: 'ended by SIGHUP',
  130: 'ended by SIGINT (Ctrl-C)',
  143: 'ended by SIGTERM',
} as const;

export type ExitStatus = keyof typeof exitStatuses;

export const catalogue = {
  USAGE: { exit: 1, means: 'the command line is wrong' },
  CONFIG_INVALID: { exit: 1, means: 'a variable or option has a value that cannot be used' },
  NAME_INVALID: { exit: 1, means: 'the upgrade name cannot be a plan name or a folder name' },
  TAG_INVALID: { exit: 1, means: 'the text cannot be the name of a git tag' },
  COMMIT_INVALID: { exit: 1, means: 'the text is no commit id' },
  ADDRESS_INVALID: { exit: 1, means: 'the address is of a kind that is not used' },
  CHECKSUM_INVALID: { exit: 1, means: 'the text is no checksum' },
  RECIPE_UNKNOWN: { exit: 1, means: 'there is no recipe of that name, or no such file' },
  RECIPE_INVALID: { exit: 1, means: 'the recipe has a mistake' },
  UPGRADE_FAILED: { exit: 1, means: 'a step of an upgrade failed before the switch' },
  HOME_INVALID: { exit: 1, means: 'the home is no absolute path of a folder' },
  LOG_UNREADABLE: { exit: 1, means: 'the log that `explain` was given cannot be read, or is no text' },
  PLAN_REFUSED: { exit: 1, means: 'a manual plan cannot be put on the list as it is' },
  NODE_UNREACHABLE: { exit: 1, means: 'the node does not answer, or not as a node of the Cosmos SDK does' },
  SIGNING_KEY_INVALID: { exit: 1, means: 'the file cannot be used to sign' },
  BACKUP_FAILED: { exit: 1, means: 'no backup of the data could be made; nothing of it is left' },
  BACKUP_UNFIT: {
    exit: 1,
    means: 'that backup cannot be put back: it is not whole, changed since, or not of this home',
  },
  ROLLBACK_FAILED: { exit: 1, means: 'a backup could not be put back' },
  SIGNING_STATE: { exit: 1, means: 'which priv_validator_state.json is the newer cannot be told' },

  RELEASE_UNKNOWN: { exit: 3, means: 'neither the recipe nor the repository knows the release' },
  TAG_UNKNOWN: { exit: 3, means: 'the repository has no such tag' },
  COMMIT_NEEDED: { exit: 3, means: 'the tag is not in the release table and no commit confirms it' },
  NOT_BUILT_HERE: { exit: 3, means: 'the release is in the table, but marked as not buildable' },
  NOT_STAGED: { exit: 3, means: 'there is nothing staged under that name' },

  HOST_NOT_READY: { exit: 4, means: 'tools or resources are missing on this host' },
  GO_MISSING: { exit: 4, means: 'the Go that the release needs is not here and cannot be fetched' },
  DOCTOR_FAILED: {
    exit: 4,
    means: '`doctor` found something that stands in the way of the next build, run or upgrade',
  },
  HOME_UNWRITABLE: { exit: 4, means: 'the home or the cache cannot be written' },
  NO_SPACE: { exit: 4, means: 'the disk is full' },

  REPOSITORY_UNREACHABLE: { exit: 5, means: 'the repository does not answer, stalls or does not exist' },
  COMMIT_MISMATCH: { exit: 5, means: 'the tag leads to another commit than the one expected' },
  DOWNLOAD_FAILED: { exit: 5, means: 'a file cannot be fetched from its address' },
  CHECKSUM_MISMATCH: { exit: 5, means: 'what was downloaded is not what a recipe, a plan or you vouch for' },
  CHECKSUM_MISSING: { exit: 5, means: 'nothing vouches for what is to be downloaded' },
  SIGNATURE_INVALID: { exit: 5, means: 'a signature is missing, not of a known key, or not of this file' },
  ARCHIVE_INVALID: { exit: 5, means: 'a downloaded archive is damaged, or made to do harm' },
  OFFLINE: { exit: 5, means: 'something is needed that is not in the cache, and --offline forbids fetching it' },
  SOURCE_INVALID: { exit: 5, means: 'the checked-out source lacks what the recipe says is in it' },

  BUILD_FAILED: { exit: 6, means: 'the build commands failed' },
  BUILD_TIMEOUT: { exit: 6, means: 'the build took longer than allowed' },
  ARTIFACT_MISSING: { exit: 6, means: 'the build ended well but did not leave the artifact' },

  ELF_INVALID: { exit: 7, means: 'a file is no usable ELF file' },
  RUNPATH_FIXED: { exit: 7, means: 'the binary has no room for a portable RUNPATH' },
  VERIFY_FAILED: { exit: 7, means: 'a check of the built or staged binary failed' },
  NOT_REPRODUCED: { exit: 7, means: 'the bytes of a new build differ from those staged or published' },
  MANIFEST_INVALID: { exit: 7, means: 'the manifest of a staged folder is damaged' },
  PLAN_INFO_INVALID: { exit: 7, means: 'nodes would not get their binary by the info of the plan' },

  TARGET_DIFFERS: { exit: 8, means: 'something else is staged there already' },
  TARGET_IN_USE: { exit: 8, means: 'a process runs from the folder' },
  HOME_LOCKED: { exit: 8, means: 'another supervisor runs in this home' },
  CURRENT_NOT_OURS: { exit: 8, means: '`current` is not a link to genesis or an upgrade of this home' },

  INTERRUPTED: { exit: 130, means: 'stopped by a signal; nothing was staged' },
} as const satisfies Record<string, { exit: ExitStatus; means: string }>;

export type ErrorCode = keyof typeof catalogue;

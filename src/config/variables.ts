// The one table of the variables that cosmovisor's users know, and of ours in the same style. docs/variables.md and `cvtool config`
// are made from it, and in its order (cosmovisor, args.go: Config). A variable's key in a config.toml is its name in small letters.
import type { AbsolutePath } from '../values/absolute-path.js';
import type { GoDuration } from '../values/go-duration.js';
import { timeFormats } from '../values/go-time.js';
import type { FileName } from '../values/inner-path.js';

/** What a variable of a kind is once it is read. A `choice` is one of its words. */
interface Kinds {
  'absolute path': AbsolutePath;
  'file name': FileName;
  boolean: boolean;
  duration: GoDuration;
  count: number;
  text: string;
}

export interface Variable {
  readonly name: string;
  readonly kind: keyof Kinds | 'choice';
  /** As one would write it. Without one it is unset by default, or what `otherwise` says. */
  readonly default?: string;
  /** The default in words, where it is no fixed text. */
  readonly otherwise?: string;
  /** Of a choice: what its words are called in an error, and the words. */
  readonly choice?: { readonly of: string; readonly words: readonly string[] };
  /** `config` of cosmovisor does not show it. */
  readonly extra?: true;
  readonly means: string;
}

const timeWords = Object.keys(timeFormats) as (keyof typeof timeFormats)[];

export const variables = {
  home: {
    name: 'DAEMON_HOME',
    kind: 'absolute path',
    otherwise: "the recipe's",
    means: 'the home of the node: holds `cosmovisor/` and `data/`',
  },
  daemon: {
    name: 'DAEMON_NAME',
    kind: 'file name',
    otherwise: "the recipe's",
    means: 'the file name of the binary in each `bin/`',
  },
  allowDownload: {
    name: 'DAEMON_ALLOW_DOWNLOAD_BINARIES',
    kind: 'boolean',
    default: 'false',
    means: "fetch the binary of an upgrade that is missing, from the plan's info",
  },
  mustHaveChecksum: {
    name: 'DAEMON_DOWNLOAD_MUST_HAVE_CHECKSUM',
    kind: 'boolean',
    default: 'false',
    means: 'refuse a URL without `checksum=`',
  },
  restartAfterUpgrade: {
    name: 'DAEMON_RESTART_AFTER_UPGRADE',
    kind: 'boolean',
    default: 'true',
    means: 'false: switch to the new binary, then exit with 0',
  },
  restartDelay: {
    name: 'DAEMON_RESTART_DELAY',
    kind: 'duration',
    otherwise: 'none',
    means: "the wait between the node's halt and the backup",
  },
  shutdownGrace: {
    name: 'DAEMON_SHUTDOWN_GRACE',
    kind: 'duration',
    otherwise: '10 s for the stop of an upgrade, no limit for a requested one',
    means: 'the time from SIGTERM to SIGKILL when the node is stopped',
  },
  pollInterval: {
    name: 'DAEMON_POLL_INTERVAL',
    kind: 'duration',
    default: '300ms',
    means: 'how often upgrade-info.json is looked at where the file system tells nothing; an event is acted on at once',
  },
  skipBackup: {
    name: 'UNSAFE_SKIP_BACKUP',
    kind: 'boolean',
    default: 'false',
    means: 'no backup of `data/` before an upgrade',
  },
  backupDir: {
    name: 'DAEMON_DATA_BACKUP_DIR',
    kind: 'absolute path',
    otherwise: 'DAEMON_HOME',
    means: 'an existing folder, outside of `data/`, where backups go',
  },
  preUpgradeMaxRetries: {
    name: 'DAEMON_PREUPGRADE_MAX_RETRIES',
    kind: 'count',
    default: '0',
    means: 'how often `pre-upgrade` is tried again after it has exited with 31',
  },
  grpcAddress: {
    name: 'DAEMON_GRPC_ADDRESS',
    kind: 'text',
    default: 'localhost:9090',
    extra: true,
    means: "`host:port` of the node's gRPC, for prepare-upgrade",
  },
  disableLogs: {
    name: 'COSMOVISOR_DISABLE_LOGS',
    kind: 'boolean',
    default: 'false',
    means: "the supervisor's own lines off; the daemon's and errors stay",
  },
  colorLogs: {
    name: 'COSMOVISOR_COLOR_LOGS',
    kind: 'boolean',
    default: 'true',
    means: 'colour in log lines, where stdout is a terminal and NO_COLOR is not set',
  },
  timeFormat: {
    name: 'COSMOVISOR_TIMEFORMAT_LOGS',
    kind: 'choice',
    default: 'kitchen',
    choice: { of: 'timeformat', words: timeWords },
    means: 'the time of log lines; set, but empty: no time',
  },
  customPreUpgrade: {
    name: 'COSMOVISOR_CUSTOM_PREUPGRADE',
    kind: 'text',
    otherwise: 'none',
    means:
      'a script, relative to `$DAEMON_HOME/cosmovisor`, that is run before the switch with the name and height of the plan',
  },
  disableRecase: {
    name: 'COSMOVISOR_DISABLE_RECASE',
    kind: 'boolean',
    default: 'false',
    means: 'true: the names of plans keep their case; else they are lower-cased',
  },
  backupMode: {
    name: 'CVTOOL_BACKUP_MODE',
    kind: 'choice',
    default: 'auto',
    choice: { of: 'backup mode', words: ['auto', 'link', 'copy'] },
    extra: true,
    means:
      'auto: link what never changes, else copy; link: fail rather than copy a table; copy: share nothing with `data/`',
  },
  logFormat: {
    name: 'CVTOOL_LOG_FORMAT',
    kind: 'choice',
    default: 'console',
    choice: { of: 'log format', words: ['console', 'json'] },
    extra: true,
    means: "console: cosmovisor's look; json: one object a line, with stable event names",
  },
} as const satisfies Record<string, Variable>;

type Table = typeof variables;
export type Field = keyof Table;

/** What is read for a row of the table; a duration is exact, to the nanosecond. */
export type ValueOf<Name extends Field> = Table[Name] extends {
  readonly choice: { readonly words: readonly (infer Word)[] };
}
  ? Word | Emptied<Name>
  : Table[Name]['kind'] extends keyof Kinds
    ? Kinds[Table[Name]['kind']] | Unset<Name>
    : never;
/** Two durations and a text may have no value. */
type Unset<Name extends Field> = Table[Name] extends { readonly otherwise: string }
  ? Table[Name]['kind'] extends 'duration' | 'text'
    ? undefined
    : never
  : never;
/** The one variable that may be set to nothing. */
type Emptied<Name extends Field> = Name extends 'timeFormat' ? '' : never;

export type Values = { readonly [Name in Field]: ValueOf<Name> };

export const fields = Object.keys(variables) as readonly Field[];

/** The key of a variable in a config.toml. */
export function tomlKey(name: string): string {
  return name.toLowerCase();
}

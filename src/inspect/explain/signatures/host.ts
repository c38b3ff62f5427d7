// What the node says of what it shares with others on this host, or needs of it: databases, disk, ports, settings, binaries.
import { sizeText } from '../../doctor/row.js';
import { nameWord } from '../advice.js';
import type { Known, Signature } from '../signature.js';

const locked: Signature = {
  id: 'database-locked',
  kind: 'cause',
  words: ['emporarily unavailable'],
  patterns: [
    /(?:database|leveldb|\.db\b|\bLOCK\b).{0,500}?resource temporarily unavailable/i,
    /resource temporarily unavailable.{0,200}?\bLOCK\b/i,
    /^(?:panic: |Error: |ERROR: )?resource temporarily unavailable$/i, // goleveldb's own error names no file
  ],
  means: () => 'Another process has the database of the node open. Two nodes never run on one data folder.',
  toDo: (_, known) => lockSteps(known),
};

function lockSteps({ home }: Known): string[] {
  if (home === undefined)
    return ['Who has it open: fuser -v $DAEMON_HOME/data/application.db/LOCK', 'End that one first.'];
  const { heldLock, status } = home;
  if (heldLock === undefined) {
    return [`Nobody holds a LOCK file in ${status.home.data} now: start the service again.`];
  }
  const { file, pid, command } = heldLock;
  return [
    `${file} is held by process ${pid} (${command}): if that is the node that shall run, nothing is to be done; else end it first.`,
  ];
}

const wasmLocked: Signature = {
  id: 'wasm-locked',
  kind: 'cause',
  words: ['exclusive.lock'],
  patterns: [/Could not (?:open|lock|create) exclusive\.lock/i],
  means: () => 'Another process works on the same wasm folder: a second instance of the node.',
  toDo: (_, known) => {
    const daemon = known.home?.status.daemon;
    if (daemon !== undefined)
      return [`Process ${daemon.pid} is a node of this home: end the other one, or that one first.`];
    return ['End the other node first, a query or export that was left running too.', ...lockSteps(known).slice(0, 1)];
  },
};

const diskFull: Signature = {
  id: 'disk-full',
  kind: 'cause',
  words: ['o space left on device', 'isk quota exceeded'],
  patterns: [/(?:no space left on device|disk quota exceeded)/i],
  means: () => 'The disk is full.',
  toDo(_, { home }) {
    if (home === undefined)
      return ['Make room where DAEMON_HOME is: df -h $DAEMON_HOME; of builds: cvtool cache prune'];
    const { lastBackup, home: paths } = home.status;
    const backup = lastBackup === undefined ? '' : `; the newest backup is ${lastBackup.path}`;
    return [
      `${sizeText(home.free)} are free where ${paths.data} is${backup}.`,
      'What builds left: cvtool cache prune',
      'Then start the service again.',
    ];
  },
};

const addressInUse: Signature = {
  id: 'address-in-use',
  kind: 'cause',
  words: ['address already in use'],
  patterns: [
    /listen (?:tcp|udp)[46]? (?<address>\S{1,200}:(?<port>\d{1,5})): bind: address already in use/,
    /address already in use/,
  ],
  means: ({ address }) =>
    `Somebody else listens ${address === undefined ? 'on an address of the node' : `on ${address}`}: mostly another node, or the same one, not yet ended.`,
  toDo({ port }, { home }) {
    const daemon = home?.status.daemon;
    const who = `Who it is: ss -ltnp${port === undefined ? '' : ` 'sport = :${port}'`}`;
    if (daemon === undefined)
      return [who, 'End that one, or give this one other ports in config/config.toml and config/app.toml.'];
    return [`A node of this home runs already: process ${daemon.pid}. If it was not that one: ${who}`];
  },
};

const setting: Signature = {
  id: 'setting-refused',
  kind: 'cause',
  words: ['set min gas price', 'unknown db_backend', 'unknown flag: '],
  patterns: [
    /(?<text>set min gas price in app\.toml or flag or env variable)/,
    /(?<text>unknown db_backend \S{1,100})/,
    /(?<text>unknown flag: (?<flag>--[\w.-]{1,100}))/,
  ],
  means: ({ text = '', flag }) =>
    `The binary refuses ${flag === undefined ? 'a setting of the home' : 'an argument of its start'}: ${text.replace(/,$/, '')}.`,
  toDo({ flag }, { recipe }) {
    if (flag === undefined) return ['File, line and what to write there: cvtool doctor'];
    const gone = recipe?.releases.flatMap(({ goneFlags }) => goneFlags).find((each) => each.flag === flag);
    if (gone === undefined) return [`Take ${flag} out of the service's command. What releases refuse: cvtool doctor`];
    const { because, instead } = gone;
    return [
      `Take ${flag} out of the service's command${instead === undefined ? '' : `, and write ${instead} instead`}. ${because}`,
    ];
  },
};

const notStaged: Signature = {
  id: 'not-staged',
  kind: 'cause',
  words: ['binary not present'],
  patterns: [
    /binary not present, downloading disabled: stat (?<path>\S{0,2000}\/upgrades\/(?<folder>[^/\s]{1,255})\/bin\/\S{1,255}?): /,
    /binary not present, downloading disabled/,
  ],
  means: () =>
    'An upgrade is due and its binary is not staged. The old one is still current, and the data waits at the height.',
  toDo({ folder, path }) {
    if (folder === undefined) return ['Stage it: cvtool stage-upgrade <name>', 'Then start the service again.'];
    return [
      `There is no ${path ?? ''}: cvtool stage-upgrade ${nameWord(unescaped(folder))}`,
      'Then start the service again: the upgrade goes on from where it stands.',
    ];
  },
};

const downloadFailed: Signature = {
  id: 'download-failed',
  kind: 'cause',
  words: ['cannot download binary', "error downloading '"],
  patterns: [
    /upgrade (?<name>\S{1,300}) at height \d{1,19}: cannot download binary\. (?<why>.{1,500})/,
    /cannot download binary\. (?<why>.{1,500})/,
    /(?<why>error downloading '.{1,500})/,
  ],
  means: ({ why = '' }) =>
    `An upgrade is due, and its binary could not be had from the address in the plan: ${why}. The old one is still current, and the data waits at the height.`,
  toDo({ name }) {
    return [
      `Build it here, or install it from elsewhere (cvtool install): cvtool stage-upgrade ${name === undefined ? '<name>' : nameWord(name)}`,
      'cosmovisor leaves what it has fetched, whole or not, in upgrades/<name>/bin, and 1.7.1 runs it at the next start: under it, remove that folder first.',
      'Then start the service again: cvtool fetches anew what is not there.',
    ];
  },
};

function unescaped(folder: string): string {
  try {
    return decodeURIComponent(folder);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    return folder;
  }
}

export const hostSignatures: readonly Signature[] = [
  ...[notStaged, diskFull, downloadFailed, locked, wasmLocked],
  ...[addressInUse, setting],
];

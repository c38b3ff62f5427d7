// How the daemon ended, as others tell it: systemd, the kernel, a supervisor, a shell, Go's runtime. They say that something is
// wrong, and seldom what; so a cause beside them goes before.
import { constants } from 'node:os';

import { binaryIn, targetFolder } from '../../../home/paths.js';
import { hintOfEnd } from '../../../supervisor/end-hint.js';
import { describeEnd } from '../../../supervisor/sayings.js';
import type { End } from '../../../supervisor/machine/types.js';
import { currentTarget } from '../advice.js';
import type { Captures, Known, Signature } from '../signature.js';

/** The kernel keeps 15 characters of a process's name (TASK_COMM_LEN, linux/sched.h). */
const longestName = 15;

const outOfMemory: Signature = {
  id: 'out-of-memory',
  kind: 'cause',
  words: ['ut of memory: Kill', 'oom-kill', 'OOM killer'],
  patterns: [
    /[Oo]ut of memory: Kill(?:ed)? process (?<pid>\d{1,10}) \((?<process>[^)]{1,64})\)/, // kernel, mm/oom_kill.c
    /Failed with result 'oom-kill'/,
    /killed by the OOM killer/,
  ],
  concerns({ process }, { home }) {
    const daemon = home?.status.home.daemon;
    return process === undefined || daemon === undefined || process === daemon.slice(0, longestName);
  },
  means({ pid, process }) {
    const who = pid === undefined ? 'a process of the service' : `process ${pid} (${process ?? ''})`;
    return `The kernel was out of memory and has killed ${who}.`;
  },
  toDo: () => [
    'Give the host memory or swap, or the unit a higher MemoryMax=, or the node smaller caches; else it comes again.',
    'Then start the service again. When it was, and who took what: journalctl -k -g "out of memory"',
  ],
};

const ended: Signature = {
  id: 'ended',
  kind: 'symptom',
  words: ['rocess exited, code=', 'ended with exit status', 'was ended by SIG', 'exit status ', 'signal: '],
  patterns: [
    /[Mm]ain process exited, code=(?:killed|dumped), status=\d{1,3}\/(?<signal>[A-Z0-9]{1,10})/,
    /[Mm]ain process exited, code=exited, status=(?<status>[1-9]\d{0,2})\//,
    /ended with exit status (?<status>[1-9]\d{0,2})\b/,
    /was ended by (?<signal>SIG[A-Z0-9]{1,10})\b/,
    /(?:^|: )exit status (?<status>[1-9]\d{0,2})$/, // Go, os.ProcessState: cosmovisor's last words
    /(?:^|: )signal: (?<word>killed|aborted|segmentation fault|bus error|illegal instruction)\b/,
  ],
  means(found) {
    const end = endOf(found);
    if (end === undefined) return 'The daemon has ended.';
    return `The daemon ${describeEnd(end)}.`;
  },
  toDo(found, known) {
    const end = endOf(found);
    const hint = end && hintOfEnd({ end, binary: binaryText(known), locked: known.home?.heldLock });
    return [hint ?? 'What it said itself before is not in what was read, or is of no kind that is known here.'];
  },
};

/** As os.ProcessState of Go spells them. */
const goWords: Readonly<Record<string, NodeJS.Signals>> = {
  killed: 'SIGKILL',
  aborted: 'SIGABRT',
  'segmentation fault': 'SIGSEGV',
  'bus error': 'SIGBUS',
  'illegal instruction': 'SIGILL',
};

function endOf({ status, signal, word }: Captures): End | undefined {
  if (status !== undefined && Number(status) < 256) return { kind: 'exited', status: Number(status) };
  const name = word === undefined ? signal && (signal.startsWith('SIG') ? signal : `SIG${signal}`) : goWords[word];
  if (name === undefined || !isSignal(name)) return undefined;
  return { kind: 'signalled', signal: name, number: constants.signals[name] };
}

function isSignal(name: string): name is NodeJS.Signals {
  return Object.hasOwn(constants.signals, name);
}

function binaryText(known: Known): string {
  const current = currentTarget(known);
  const home = known.home?.status.home;
  return home === undefined || current === undefined ? 'the binary' : binaryIn(home, targetFolder(home, current));
}

const consensus: Signature = {
  id: 'consensus-failure',
  kind: 'symptom',
  words: ['CONSENSUS FAILURE'],
  patterns: [/CONSENSUS FAILURE!!! .{0,200}?err="?(?<why>(?:[^"\\]|\\"){1,400})/, /CONSENSUS FAILURE!!!/],
  means: ({ why }, known) =>
    `Consensus has ended for good in this process${why === undefined ? '' : `: ${why.replaceAll('\\"', '"').trim()}`}. ${whileApplying(known)}The process may stay up, and makes no more blocks.`,
  toDo: (_, known) => unknownSteps(known),
};

const panic: Signature = {
  id: 'panic',
  kind: 'symptom',
  words: ['panic: ', 'fatal error: '],
  patterns: [/(?:^|\s)(?:panic|fatal error): (?<why>.{1,400})/],
  means: ({ why = '' }, known) =>
    `The binary gave up: ${why.trim().replace(/[.!]$/, '')}. ${whileApplying(known)}`.trim(),
  toDo: (_, known) => unknownSteps(known),
};

const error: Signature = {
  id: 'error',
  kind: 'symptom',
  words: ['Error: ', 'ERROR: '],
  patterns: [/^(?:Error|ERROR): (?<why>.{1,400})/],
  means: ({ why = '' }) => `The program gave up: ${why.trim().replace(/[.!]$/, '')}.`,
  toDo: (_, known) => unknownSteps(known),
};

function whileApplying({ applying }: Known): string {
  return applying === undefined ? '' : `It was applying upgrade ${applying}. `;
}

/** No signature is known for the words themselves. */
function unknownSteps({ home, applying }: Known): string[] {
  const backup = home?.status.lastBackup?.path;
  const upgrading =
    applying === undefined
      ? []
      : [
          `Do not let it restart again and again. Ask others on the chain whether upgrade ${applying} went through for them.`,
          ...(backup === undefined ? [] : [`The last backup is ${backup}.`]),
        ];
  return [
    ...upgrading,
    'That text is of no kind that is known here. What can be looked at on this host: cvtool doctor',
  ];
}

export const endSignatures: readonly Signature[] = [outOfMemory, consensus, panic, ended, error];

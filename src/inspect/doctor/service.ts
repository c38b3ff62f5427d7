// The unit that runs this home: does systemd start, stop and restart it as a node and its supervisor need it? cvtool starts the node
// in a session of its own and hands signals on once; so systemd must signal the supervisor alone (KillMode=mixed), and wait long
// enough. docs/doctor.md has a unit that passes.
import { accessSync, constants } from 'node:fs';
import { isAbsolute } from 'node:path';

import { hasCode } from '../../errors/cvtool-error.js';
import type { VariableProblem } from '../../config/supervisor-config.js';
import type { Values } from '../../config/variables.js';
import { parseLimitSetting } from '../../host/limits.js';
import { unitTimeSpan } from '../../host/systemd-syntax.js';
import { flagValue } from '../../supervisor/arguments.js';
import { quoted } from '../../values/printable.js';
import { isSameFolder, type HomeUnit, type RunBy } from './home-unit.js';
import { judgeLimit } from './open-files.js';
import { row, type Row } from './row.js';

/** What systemd sends SIGKILL after, where the unit does not say (systemd-system.conf(5), DefaultTimeoutStopSec=). */
const usualStop = 90;

export interface UnitFacts {
  readonly home: string;
  /** What its variables come to, and what is wrong with them. */
  readonly values: Partial<Values>;
  readonly problems: readonly VariableProblem[];
}

export function judgeUnit(found: HomeUnit, facts: UnitFacts): Row[] {
  const { unit, by } = found;
  const at = `${unit.name}: `;
  const marked = (rows: readonly Row[]): Row[] => rows.map((each) => ({ ...each, text: at + each.text }));
  const file = unit.dropIns.length === 0 ? unit.file : `${unit.file}, with ${unit.dropIns.length} drop-ins`;
  const supervised: Readonly<Record<RunBy, string>> = {
    cvtool: 'runs this home under cvtool',
    cosmovisor: 'runs this home under cosmovisor',
    itself: 'runs the daemon itself, without a supervisor: no upgrade is done',
  };
  const head = row(
    'unit',
    by === 'itself' ? 'warn' : 'pass',
    `${file} ${supervised[by]}`,
    by === 'itself' ? 'Let ExecStart= say: cvtool run start' : undefined,
  );
  return [
    head,
    ...marked(unit.problems.map((problem) => row('unit', 'fail', problem, 'Make the file, or take the line out.'))),
    ...marked(judgeCommand(found, facts)),
    ...marked(judgeStop(found, facts)),
    ...marked([judgeRestart(found, facts), judgeLimits(found)]),
    ...marked(judgeVariables(facts)),
  ];
}

function judgeCommand({ unit, by, arguments: args, user }: HomeUnit, { home }: UnitFacts): Row[] {
  const [program = ''] = unit.exec;
  const rows: Row[] = [];
  if (!isAbsolute(program)) {
    rows.push(
      row(
        'unit-command',
        'warn',
        `ExecStart= names ${quoted(program)}: which one that is depends on systemd's own PATH`,
        'Write the whole path.',
      ),
    );
  } else {
    const why = whyNotExecutable(program);
    if (why !== undefined)
      rows.push(row('unit-command', 'fail', `ExecStart=: ${program} ${why}`, 'Install it there, or correct the path.'));
  }
  const named = unit.setting('User');
  if (named !== undefined && user === undefined) {
    rows.push(
      row(
        'unit-command',
        'fail',
        `User=${named}: this host has no such user`,
        `useradd --system --create-home ${named}`,
      ),
    );
  }
  const flag = flagValue(args, '--home');
  const { DAEMON_HOME: variable } = unit.environment;
  if (variable !== undefined && flag !== undefined && !isSameFolder(flag, variable)) {
    const text = `--home ${flag} is not DAEMON_HOME=${variable}: the plans of the node would never be seen`;
    rows.push(row('unit-command', 'fail', text, `Write --home ${variable}, or leave --home out.`));
  }
  if (by !== 'itself' && variable === undefined && flag !== undefined) {
    const text = `--home is ${flag}, and DAEMON_HOME is not set: the supervisor would look elsewhere`;
    rows.push(row('unit-command', 'fail', text, `In [Service]: Environment=DAEMON_HOME=${flag}`));
  }
  if (rows.length === 0) rows.push(row('unit-command', 'pass', `ExecStart= can be started, and its home is ${home}`));
  return rows;
}

function whyNotExecutable(path: string): string | undefined {
  try {
    accessSync(path, constants.X_OK);
    return undefined;
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return 'is not there';
    if (hasCode(error, 'EACCES', 'EPERM')) return 'cannot be executed';
    throw error;
  }
}

function judgeStop({ unit, by }: HomeUnit, { values }: UnitFacts): Row[] {
  const rows: Row[] = [];
  const mode = unit.setting('KillMode') ?? 'control-group';
  if (mode === 'none') {
    rows.push(
      row('unit-stop', 'fail', 'KillMode=none: a stop leaves everything running', 'In [Service]: KillMode=mixed'),
    );
  } else if (by === 'cvtool' && mode === 'control-group') {
    const text =
      'KillMode=control-group: a stop signals the node twice, once by systemd and once by cvtool, and what an upgrade runs besides';
    rows.push(row('unit-stop', 'warn', text, 'In [Service]: KillMode=mixed'));
  } else rows.push(row('unit-stop', 'pass', `KillMode=${mode}`));
  const signal = unit.setting('KillSignal') ?? 'SIGTERM';
  if (!['SIGTERM', '15'].includes(signal)) {
    const text = `KillSignal=${signal}: nodes have lost data by other signals than SIGTERM`;
    rows.push(row('unit-stop', 'warn', text, 'Take KillSignal= out.'));
  }
  rows.push(judgeTimeout(unit.setting('TimeoutStopSec') ?? unit.setting('TimeoutSec'), values.shutdownGrace));
  return rows;
}

function judgeTimeout(setting: string | undefined, graceSetting: bigint | undefined): Row {
  const stop = setting === undefined ? usualStop : unitTimeSpan(setting);
  const said = setting === undefined ? `TimeoutStopSec= is not set (${usualStop} s)` : `TimeoutStopSec=${setting}`;
  if (stop === undefined) return row('unit-stop', 'fail', `${said} is no time`, 'In [Service]: TimeoutStopSec=180');
  const limit = stop === 0 ? Infinity : stop; // systemd.service(5): 0 turns it off
  const grace = graceSetting === undefined ? undefined : Number(graceSetting) / 1e9;
  if (grace === undefined) {
    if (limit >= usualStop) return row('unit-stop', 'pass', `${said}: the node has that long to stop`);
    return row(
      'unit-stop',
      'warn',
      `${said}: a node that is still writing is killed then, which has corrupted stores`,
      'In [Service]: TimeoutStopSec=180',
    );
  }
  const text = `${said}, DAEMON_SHUTDOWN_GRACE is ${grace} s`;
  if (limit > grace) return row('unit-stop', 'pass', text);
  return row(
    'unit-stop',
    'fail',
    `${text}: systemd kills the supervisor and the node before the grace is over`,
    `In [Service]: TimeoutStopSec=${Math.ceil(grace) + 30}`,
  );
}

function judgeRestart({ unit }: HomeUnit, { values }: UnitFacts): Row {
  const restart = unit.setting('Restart') ?? 'no';
  const hint = 'In [Service]: Restart=always';
  const type = unit.setting('Type') ?? 'simple';
  if (['forking', 'notify', 'dbus', 'oneshot'].includes(type)) {
    return row(
      'unit-restart',
      'fail',
      `Type=${type}: it never tells systemd that it has started`,
      'In [Service]: Type=exec',
    );
  }
  if (restart === 'always') return row('unit-restart', 'pass', 'Restart=always');
  if (values.restartAfterUpgrade === false) {
    const text = `Restart=${restart} with DAEMON_RESTART_AFTER_UPGRADE=false: after an upgrade, which ends with 0, nothing starts it again`;
    return row('unit-restart', 'fail', text, hint);
  }
  if (restart === 'on-failure') return row('unit-restart', 'pass', 'Restart=on-failure');
  return row('unit-restart', 'warn', `Restart=${restart}: a node that dies stays down`, hint);
}

/** Where a unit sets none, systemd's usual ones: 1024, hard 524288 (systemd-system.conf(5), since 240). */
function judgeLimits({ unit, by }: HomeUnit): Row {
  const setting = unit.setting('LimitNOFILE');
  const limits = setting === undefined ? { soft: 1024, hard: 524_288 } : parseLimitSetting(setting);
  if (limits === undefined)
    return row('unit-limits', 'fail', `LimitNOFILE=${setting ?? ''} is no limit`, 'In [Service]: LimitNOFILE=65535');
  const who = setting === undefined ? "LimitNOFILE= is not set: with systemd's own limits it" : 'it';
  const judged = judgeLimit('unit-limits', who, limits, by === 'cvtool' ? limits.hard : limits.soft);
  return by !== 'cvtool' && judged.status === 'fail' ? { ...judged, status: 'warn' } : judged; // Go 1.19 and later raise it themselves
}

function judgeVariables({ problems, values }: UnitFacts): Row[] {
  if (problems.length > 0) {
    return problems.map(({ error }) => row('variables', 'fail', error.message, error.hint));
  }
  const count = Object.values(values).filter((value) => value !== undefined).length;
  return [row('variables', 'pass', `all ${count} settings of the supervisor can be used`)];
}

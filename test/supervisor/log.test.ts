import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, expect, test } from 'vitest';

import { consoleLine } from '../../src/supervisor/console-line.js';
import { makeLog, type LogConfig } from '../../src/supervisor/log.js';
import { writeProgram } from '../support/child-program.js';
import { needs } from '../support/needs.js';
import { scratchFolder } from '../support/scratch-folder.js';
import { onTerminal } from '../support/terminal.js';

const scratch = scratchFolder();
const quiet: LogConfig = { disableLogs: false, colorLogs: true, timeFormat: '', logFormat: 'console' };

function logged(write: (log: ReturnType<typeof makeLog>) => void, config: Partial<LogConfig> = {}): string[] {
  const lines: string[] = [];
  write(makeLog({ ...quiet, ...config }, {}, { write: (text) => void lines.push(text) }));
  return lines;
}

test("lines look like cosmovisor's", () => {
  const lines = logged((log) => {
    log.info('daemon.started', 'running app', { path: '/h/bin/demod', args: ['start', '--x'] });
    log.warn('x', 'error getting latest block', { error: 'rpc error: "x"' });
    log.error('y', 'failed', {
      zone: 'a b',
      attempt: 1,
      error: new Error('exit status 31'),
      absent: undefined,
      ok: true,
    });
    log.info('z', 'backup completed', { 'backup saved at': '/b', 'time taken to complete backup': 0.284765 });
  });
  expect(lines).toEqual([
    '<nil> INF running app args=["start","--x"] module=cosmovisor path=/h/bin/demod\n',
    '<nil> WRN error getting latest block error="rpc error: \\"x\\"" module=cosmovisor\n',
    '<nil> ERR failed error="exit status 31" attempt=1 module=cosmovisor ok=true zone="a b"\n',
    '<nil> INF backup completed backup saved at=/b module=cosmovisor time taken to complete backup=0.284765\n',
  ]);
});

test.each([
  ['plain-~!', 'plain-~!'],
  ['', ''],
  ['a b', '"a b"'],
  ['a"b', '"a\\"b"'],
  ['a\\b', '"a\\\\b"'],
  ['é', '"é"'],
  ['two\nlines\x1b[31m', '"two\\nlines\\x1b[31m"'],
  [['\x1b[31m', '\u202e\x9b'], '["\\u001b[31m","\\u202e\\u009b"]'],
  [{ a: BigInt(1) }, '{"a":"1"}'],
  [null, 'null'],
  [() => 1, 'null'],
  ['https://user:secret@h/x', 'https://***@h/x'],
])('a value is written: %#', (value, text) => {
  expect(logged((log) => log.info('e', 'm', { value }))).toEqual([`<nil> INF m module=cosmovisor value=${text}\n`]);
});

test('an error is red and bold', () => {
  const line = consoleLine({ level: 'error', time: '1:02AM', message: 'm', fields: { error: 'a b' } }, true);
  expect(line.replaceAll('\x1b', '␛')).toBe(
    '␛[90m1:02AM␛[0m ␛[31mERR␛[0m ␛[1mm␛[0m ␛[36merror=␛[0m␛[31m␛[1m"a b"␛[0m␛[0m ␛[36mmodule=␛[0mcosmovisor',
  );
});

test('the time stands before all else', () => {
  expect(logged((log) => log.info('e', 'm'), { timeFormat: 'kitchen' })[0]).toMatch(/^1?\d:\d\d[AP]M INF m module/);
  const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d) INF m /;
  for (const timeFormat of ['rfc3339', 'rfc3339nano'] as const) {
    expect(logged((log) => log.info('e', 'm'), { timeFormat })[0]).toMatch(rfc3339);
  }
});

test('JSON lines have time, level, a stable event, the message and the fields', () => {
  const write = (log: ReturnType<typeof makeLog>): void =>
    log.warn('orphan.stopped', 'a daemon was left', { pid: 7, args: ['a'], error: new Error('x\u2028') });
  const [line = ''] = logged(write, { logFormat: 'json' });
  expect(line).toMatch(
    /^\{"time":"[^"]*","level":"warn","event":"orphan.stopped","message":"a daemon was left",.*\}\n$/,
  );
  const { time, ...rest } = JSON.parse(line) as Record<string, unknown>;
  expect(Math.abs(Date.parse(String(time)) - Date.now())).toBeLessThan(60_000);
  expect(rest).toEqual({
    level: 'warn',
    event: 'orphan.stopped',
    message: 'a daemon was left',
    pid: 7,
    args: ['a'],
    error: 'x\u2028',
  });
  expect(line).not.toContain('\u2028');
});

test('COSMOVISOR_DISABLE_LOGS drops all of it', () => {
  expect(logged((log) => log.error('e', 'm'), { disableLogs: true })).toEqual([]);
});

/** argv: how many lines, how long; NO_COLOR and TZ from the environment. */
let program: string;
beforeAll(() => {
  program = writeProgram(
    scratch,
    'logger',
    `import { readEnvironment } from './src/config/environment.ts';
     import { errorLine, makeLog } from './src/supervisor/log.ts';
     import { writeSync } from 'node:fs';
     const [lines, length, colour = 'true'] = process.argv.slice(2);
     const config = { disableLogs: false, colorLogs: colour === 'true', timeFormat: '', logFormat: 'console' };
     const log = makeLog(config, readEnvironment());
     for (let i = 0; i < Number(lines); i++) log.info('e', 'line ' + i, { value: 'x'.repeat(Number(length)) });
     errorLine('the end', 'way on');`,
  );
});

test('without a terminal there is no colour; errors go to stderr, and more lines with them', () => {
  const { stdout, stderr } = spawnSync(process.execPath, [program, '2', '3'], { encoding: 'utf8' });
  expect(stdout).toBe('<nil> INF line 0 module=cosmovisor value=xxx\n<nil> INF line 1 module=cosmovisor value=xxx\n');
  expect(stderr).toBe('Error: the end\nway on\n');
});

needs({ python3: true })('on a terminal there is colour, but not with NO_COLOR or COSMOVISOR_COLOR_LOGS=false', () => {
  const environment = { ...process.env };
  delete environment.NO_COLOR;
  const run = (colour: string, more = {}): string =>
    onTerminal([process.execPath, program, '1', '0', colour], [], {
      environment: { ...environment, ...more },
      cwd: scratch,
    }).output;
  expect(run('true')).toContain(
    '\x1b[90m<nil>\x1b[0m \x1b[32mINF\x1b[0m \x1b[1mline 0\x1b[0m \x1b[36mmodule=\x1b[0mcosmovisor \x1b[36mvalue=\x1b[0m\r\n',
  );
  expect(run('false')).not.toContain('\x1b[');
  expect(run('true', { NO_COLOR: '1' })).not.toContain('\x1b[');
});

test('a file that is appended to keeps what is in it', () => {
  const file = join(scratch, 'log');
  for (let i = 0; i < 2; i++) {
    const fd = openSync(file, 'a');
    spawnSync(process.execPath, [program, '1', '0'], { stdio: ['ignore', fd, 'ignore'] });
    closeSync(fd);
  }
  expect(readFileSync(file, 'utf8')).toBe('<nil> INF line 0 module=cosmovisor value=\n'.repeat(2));
});

/** A real pipe; `spawn` would make a pair of sockets. Reading it never waits. */
function makePipe(name: string): { reader: number; writer: number } {
  const path = join(scratch, name);
  execFileSync('mkfifo', [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return { reader, writer: openSync(path, constants.O_WRONLY) };
}

function runOn(writer: number, ...args: string[]): { status: number | null; stderr: string } {
  const stdio = ['ignore', writer, 'pipe'] as const;
  const { status, stderr } = spawnSync(process.execPath, [program, ...args], {
    stdio: [...stdio],
    encoding: 'utf8',
    timeout: 20_000,
  });
  closeSync(writer);
  return { status, stderr };
}

test('a reader that has gone loses lines and stops nothing', () => {
  const { reader, writer } = makePipe('gone');
  closeSync(reader);
  expect(runOn(writer, '100', '100')).toEqual({ status: 0, stderr: 'Error: the end\nway on\n' });
});

test('a pipe that nobody reads holds nobody up, and what is read later are whole lines', () => {
  const { reader, writer } = makePipe('full');
  expect(runOn(writer, '3000', '100').status).toBe(0); // with writes that wait it would be killed after a while
  const lines = readFileSync(reader, 'utf8').split('\n').slice(0, -1);
  closeSync(reader);
  expect(lines.length).toBeGreaterThan(10);
  expect(lines.length).toBeLessThan(3000);
  for (const line of lines) expect(line).toMatch(/^<nil> INF line \d+ module=cosmovisor value=x{100}$/);
});

test('after a line that went out by half the next one begins anew', () => {
  const script = `
    import { outlet } from './src/supervisor/outlet.ts';
    import { readSync } from 'node:fs';
    const out = outlet(1);
    for (const [text, read] of [['a'.repeat(60000), 0], ['b'.repeat(60000), 60000], ['c', 0]]) {
      out.write(text + '\\n');
      for (let left = read; left > 0;) left -= readSync(3, Buffer.alloc(left));
    }`;
  const file = writeProgram(scratch, 'torn', script);
  const { reader, writer } = makePipe('torn-pipe');
  const { status } = spawnSync(process.execPath, [file], {
    stdio: ['ignore', writer, 'inherit', reader],
    timeout: 20_000,
  });
  closeSync(writer);
  expect(status).toBe(0);
  const rest = readFileSync(reader, 'latin1');
  closeSync(reader);
  expect(rest).toMatch(/^\n?b+\nc\n$/);
});

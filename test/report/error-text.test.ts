import { execFileSync, spawnSync } from 'node:child_process';

import { expect, test } from 'vitest';

import { CvtoolError } from '../../src/errors/cvtool-error.js';
import { errorData } from '../../src/report/error-text.js';
import { writeProgram } from '../support/child-program.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
/** Throws what its first argument describes, reports it, and ends with its status. */
const program = writeProgram(
  scratch,
  'reports',
  `import { CvtoolError } from './src/errors/cvtool-error.js';
  import { reportError } from './src/report/error-text.js';
  const { code, message, debug, plain, cause, ...details } = JSON.parse(process.argv[2] ?? '');
  if (cause !== undefined) details.cause = new Error(cause);
  const error = plain === true ? new Error(message) : new CvtoolError(code, message, details);
  process.exitCode = reportError(error, { debug: debug === true });`,
);

test('what, its details, and the way out; on stderr alone, with the status of its code', () => {
  const { stdout, stderr, status } = report({
    code: 'BUILD_FAILED',
    message: 'make build failed (exit status 2)',
    details: ['one', 'two'],
    hint: 'Try again.\nThe full log: /x',
  });
  expect({ stdout, status }).toEqual({ stdout: '', status: 6 });
  expect(stderr).toBe('Error: make build failed (exit status 2)\n  one\n  two\nTry again.\nThe full log: /x\n');
});

test('no stack, unless --debug asks for it', () => {
  expect(report({ code: 'USAGE', message: 'x' }).stderr).not.toMatch(/^\s+at /m);
  expect(report({ code: 'USAGE', message: 'x', debug: true }).stderr).toMatch(/^\s+at /m);
  expect(report({ plain: true, message: 'x' }).stderr).not.toMatch(/^\s+at /m);
});

test('what nobody foresaw is told to be a bug, with status 70', () => {
  const { stderr, status } = report({ plain: true, message: 'undefined is not a function' });
  expect(status).toBe(70);
  expect(stderr).toMatch(/^Error: undefined is not a function\n.*bug in cvtool/);
});

const hostile = 'a\u001b[31mred\u001b]0;title\u0007\rb\u202e\u0008 https://user:secret@host/x';
test.each(['message', 'details', 'hint'])('control characters and credentials in the %s never arrive', (field) => {
  const message = field === 'message' ? hostile : 'x';
  const rest = { details: field === 'details' ? [hostile] : [], ...(field === 'hint' ? { hint: hostile } : {}) };
  const { stderr } = report({ code: 'USAGE', message, ...rest, debug: true });
  expect(stderr).toContain('https://***@host/x');
  expect(stderr).not.toContain('secret');
  expect(stderr.replace(/\n/g, '')).not.toMatch(/[\p{Cc}\u202e]/u);
  const data = JSON.stringify(errorData(new CvtoolError('USAGE', message, rest)));
  expect(data).toContain('https://***@host/x');
  expect(data).not.toMatch(/secret|\\u001b|\u202e/);
});

test('a message of several lines is one line: it cannot pass for details or a second error', () => {
  const { stderr } = report({ code: 'USAGE', message: 'x\nError: y' });
  expect(stderr).toBe('Error: x Error: y\n');
});

test('the causes are told with --debug alone, without their credentials', () => {
  const given = { code: 'REPOSITORY_UNREACHABLE', message: 'x', cause: 'git clone https://user:secret@host/x' };
  expect(report(given).stderr).toBe('Error: x\n');
  const { stderr } = report({ ...given, debug: true });
  expect(stderr).toMatch(/^Caused by:\n.*git clone https:\/\/\*\*\*@host\/x$/m);
  expect(stderr).not.toContain('secret');
});

test('the same as data', () => {
  const error = new CvtoolError('TAG_UNKNOWN', 'no such tag', { details: ['a'], hint: 'b' });
  expect(errorData(error)).toEqual({
    ok: false,
    error: { code: 'TAG_UNKNOWN', message: 'no such tag', details: ['a'], hint: 'b', exit: 3 },
  });
  expect(errorData(new CvtoolError('USAGE', 'x'))).toEqual({
    ok: false,
    error: { code: 'USAGE', message: 'x', details: [], exit: 1 },
  });
  expect(errorData('thrown text')).toMatchObject({ error: { code: 'BUG', message: 'thrown text', exit: 70 } });
});

test('colour only where it is wanted', () => {
  const given = JSON.stringify({ code: 'USAGE', message: 'x' });
  const shown = (variables: NodeJS.ProcessEnv) => {
    const script = `"$0" "$1" "$2" 2>&1 || true`;
    const env = { PATH: process.env.PATH, ...variables };
    return execFileSync('sh', ['-c', script, process.execPath, program, given], { encoding: 'utf8', env });
  };
  expect(shown({})).toBe('Error: x\n');
  expect(shown({ FORCE_COLOR: '1' })).toContain('\u001b[31mError:');
});

function report(error: object) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, JSON.stringify(error)], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH },
  });
  return { status, stdout, stderr };
}

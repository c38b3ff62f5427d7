// Killed, or refused by the disk, at every call on its files in turn.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from 'vitest';

import { listBackups } from '../../src/backup/list.js';
import { backUp, backupsIn, expectSame, makeHome, seenIn } from './homes.js';
import { callPoints, disturbed, type CallPoint } from './traced.js';
import { writeProgram } from '../support/child-program.js';
import { needs } from '../support/needs.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
const program = writeProgram(
  scratch,
  'backs-up',
  `import { makeBackup } from './src/backup/make.js';
  const [home = ''] = process.argv.slice(2);
  const plan = { name: 'v2.2.0' as never, height: 7 };
  try {
    const { folder } = await makeBackup({
      home, dataFolder: home + '/data', wasmFolder: home + '/wasm', backupDir: home + '/backups', plan,
      current: 'genesis', mode: 'auto', now: new Date(2026, 6, 1),
    });
    console.log(folder);
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    console.log(code + ': ' + message);
    process.exitCode = 1;
  }`,
);
const changing = [
  ...['mkdir', 'mkdirat', 'rmdir', 'unlink', 'unlinkat', 'rename', 'renameat', 'renameat2', 'symlink', 'symlinkat'],
  ...['fsync', 'fdatasync', 'link', 'linkat', 'pwrite64', 'ftruncate', 'openat', 'open'],
  ...['chmod', 'fchmod', 'fchmodat', 'chown', 'fchown', 'lchown', 'utimensat', 'copy_file_range', 'ioctl'],
];
const reading = [
  'statx',
  'lstat',
  'stat',
  'newfstatat',
  'fstat',
  'getdents64',
  'read',
  'pread64',
  'readlink',
  'statfs',
];
const home = join(scratch, 'home');

needs({ strace: true })(
  'killed at any call, what has the name of a backup is whole, and the next run leaves nothing else',
  async () => {
    const seen = { none: 0, whole: 0 };
    for (const point of pointsOf(changing)) {
      const at = `${point.call} ${point.when} ${point.args}`;
      const data = freshHome();
      const { status, signal, stderr } = disturbed(program, [home], point, 'signal=SIGKILL');
      expect(signal === 'SIGKILL' || status === 137, `not killed at ${at}: ${stderr}`).toBe(true);
      const whole = listBackups(join(home, 'backups'));
      for (const { folder, wasmFolder } of whole) expectPair(folder, wasmFolder, data, at);
      const { folder, wasmFolder, leftovers } = await backUp(home, { backupDir: join(home, 'backups') });
      expectPair(folder, wasmFolder, data, at);
      expect(leftovers, at).toEqual([]);
      expect(backupsIn(join(home, 'backups')).length, at).toBe(2 * (whole.length + 1));
      seen[whole.length === 0 ? 'none' : 'whole'] += 1;
    }
    expect(seen.none).toBeGreaterThan(0); // kills fell on both sides of the last rename
    expect(seen.whole).toBeGreaterThan(0);
    console.log(`killed: ${seen.none} before there was a backup, ${seen.whole} after`);
  },
  900_000,
);

needs({ strace: true })(
  'a kill while the rest of a killed run is removed does no harm either',
  async () => {
    const leave = () => {
      const data = freshHome();
      const between = pointsOf(['rename']).at(-1)!; // wasm has its name, data has not
      freshHome();
      disturbed(program, [home], between, 'signal=SIGKILL');
      return data;
    };
    leave();
    const points = callPoints(program, [home], ['unlink', 'rmdir', 'rename'], { folder: home, scratch });
    for (const point of points) {
      const at = `${point.call} ${point.when} ${point.args}`;
      const data = leave();
      disturbed(program, [home], point, 'signal=SIGKILL');
      for (const { folder, wasmFolder } of listBackups(join(home, 'backups'))) expectPair(folder, wasmFolder, data, at);
      await backUp(home, { backupDir: join(home, 'backups') });
      expect(
        backupsIn(join(home, 'backups')).filter((name) => name.endsWith('.partial')),
        at,
      ).toEqual([]);
    }
    expect(points.length).toBeGreaterThan(10);
  },
  900_000,
);

needs({ strace: true })(
  'a disk that fails at any call: one clear error, or no harm; nothing partial is left',
  () => {
    const seen = { failed: 0, made: 0 };
    for (const point of pointsOf([...changing, ...reading])) {
      const at = `${point.call} ${point.when} ${point.args}`;
      const data = freshHome();
      const { status, stdout, stderr } = disturbed(program, [home], point, 'error=EIO');
      expect(stderr, at).toBe('');
      const left = backupsIn(join(home, 'backups'));
      if (status === 0) {
        expect(stdout.trim(), at).toMatch(/\/backups\/data-backup-/);
        expectPair(stdout.trim(), join(home, 'backups', left.at(-1)!), data, at);
        seen.made += 1;
      } else {
        expect(stdout, at).toMatch(/^(?:BACKUP_FAILED: .*(?:EIO|i\/o error).*|NO_SPACE: .*)\n$/);
        expect(left, at).toEqual([]);
        seen.failed += 1;
      }
    }
    expect(seen.failed).toBeGreaterThan(0);
    console.log(`EIO: ${seen.failed} clear errors, ${seen.made} without harm`);
  },
  900_000,
);

needs({ strace: true })('every file and folder is synced before its rename, and the folder after', () => {
  freshHome();
  const points = callPoints(program, [home], ['fsync', 'rename'], { folder: home, scratch });
  const order = points.map(({ call, args }) => `${call} ${args}`);
  const renames = order.flatMap((line, index) => (/^rename .*backup-2026-7-1"/.test(line) ? [index] : []));
  expect(renames.map((index) => order[index]?.includes('wasm-backup'))).toEqual([true, false]);
  for (const tree of ['data', 'wasm']) {
    const folder = join(home, `backups/${tree}-backup-2026-7-1`);
    const linked = ['.ldb', '.sst'];
    for (const [path, { kind }] of seenIn(folder)) {
      if (kind === 'link' || linked.some((end) => path.endsWith(end))) continue;
      const place = join(`${folder}.partial`, path).replace(/\/$/, '');
      const at = order.findIndex((line) => line.startsWith('fsync') && line.includes(`<${place}>`));
      expect(at, path).toBeGreaterThanOrEqual(0);
      expect(at, path).toBeLessThan(renames[0]!);
    }
  }
  const record = order.findIndex((line) => line.startsWith('fsync') && line.includes('.cvtool-backup.json.new>'));
  expect(record).toBeGreaterThanOrEqual(0);
  expect(order.slice(renames[0]).some((line) => line.startsWith('fsync') && line.includes(`<${home}/backups>`))).toBe(
    true,
  );
});

function pointsOf(calls: readonly string[]): CallPoint[] {
  freshHome();
  return callPoints(program, [home], calls, { folder: home, scratch });
}

/** The same place each time: what is counted must be the same calls. @returns what `data` and `wasm` hold */
function freshHome(): { data: ReturnType<typeof seenIn>; wasm: ReturnType<typeof seenIn> } {
  if (existsSync(home)) rmSync(home, { recursive: true });
  makeHome(home);
  mkdirSync(join(home, 'backups'));
  mkdirSync(join(home, 'wasm/state'), { recursive: true });
  writeFileSync(join(home, 'wasm/state/0a'), 'contract');
  return { data: seenIn(join(home, 'data')), wasm: seenIn(join(home, 'wasm')) };
}

function expectPair(
  folder: string,
  wasmFolder: string | undefined,
  { data, wasm }: ReturnType<typeof freshHome>,
  at: string,
): void {
  expectSame(seenIn(folder), data, at);
  expectSame(seenIn(wasmFolder!), wasm, at);
  expect(readFileSync(join(folder, '.cvtool-backup.json'), 'utf8'), at).toMatch(/\}\n$/);
}

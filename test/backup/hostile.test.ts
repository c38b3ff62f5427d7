// Data as it may be found, and a host that does not play along.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
  openSync,
  closeSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { backUp, backupsIn, expectSame, makeHome, recordFile, seenIn } from './homes.js';
import { writeProgram } from '../support/child-program.js';
import { needs } from '../support/needs.js';
import { runTool } from '../support/run-tool.js';
import { scratchFolder } from '../support/scratch-folder.js';
import { waitUntil } from '../support/wait-until.js';

const scratch = scratchFolder();
const program = writeProgram(
  scratch,
  'backs-up',
  `import { makeBackup } from './src/backup/make.js';
  const [home = '', backupDir = home, mode = 'auto'] = process.argv.slice(2);
  const plan = { name: 'v2' as never, height: 7 };
  const before = process.resourceUsage().maxRSS;
  try {
    const result = await makeBackup({
      home, dataFolder: home + '/data', backupDir, plan, current: 'genesis', mode: mode as 'auto', now: new Date(2026, 6, 1),
    });
    console.log(JSON.stringify({ ...result, grown: process.resourceUsage().maxRSS - before }));
  } catch (error) {
    const { code, message, hint } = error as { code?: string; message: string; hint?: string };
    console.log(JSON.stringify({ code, message, hint }));
    process.exitCode = 1;
  }`,
);
let count = 0;
const newHome = () => makeHome(join(scratch, `home${(count += 1)}`));

test('names with line breaks, blanks, and bytes that are no UTF-8', async () => {
  const home = newHome();
  const database = Buffer.from(`${home}/data/d\n\xff\xfe/`, 'latin1');
  mkdirSync(database);
  for (const name of ['CURRENT', 'MANIFEST-1', '\x80%41.ldb', 'a%\n.ldb', ' ', '\xc3', '\xc3\xa9', '*', '\\']) {
    writeFileSync(Buffer.concat([database, Buffer.from(name, 'latin1')]), name);
  }
  const before = seenIn(join(home, 'data'));
  const { folder, linked } = await backUp(home);
  expectSame(seenIn(folder), before);
  expect(linked.files).toBe(4);
  const { linkedFiles } = JSON.parse(readFileSync(join(folder, recordFile), 'utf8')) as { linkedFiles: [string][] };
  const paths = linkedFiles.map(([path]) => path).sort();
  expect(paths).toEqual([
    ...['application.db/000001.ldb', 'application.db/000003.sst'],
    ...['d\n%FF%FE/%80%2541.ldb', 'd\n%FF%FE/a%25\n.ldb'],
  ]);
});

test('one that failed is removed, whatever its names and modes are', async () => {
  const home = newHome();
  const deep = Buffer.from(`${home}/data/deep\xff/er/`, 'latin1');
  mkdirSync(deep, { recursive: true });
  writeFileSync(Buffer.concat([deep, Buffer.from('\xfe\n', 'latin1')]), '');
  chmodSync(deep, 0o500);
  mkdirSync(join(home, 'data/zz'));
  const controller = new AbortController();
  writeFileSync(join(home, 'data/big'), '');
  truncateSync(join(home, 'data/big'), 64 * 2 ** 30);
  const backup = backUp(home, { signal: controller.signal });
  await waitUntil('it has begun', () => existsSync(join(home, 'data-backup-2026-7-1.partial/big')));
  controller.abort(new Error('enough'));
  await expect(backup).rejects.toThrow('enough');
  expect(backupsIn(home)).toEqual([]);
});

test('holes stay holes, at the end too, and the space that is asked for is that of what is between', async () => {
  const home = newHome();
  const path = join(home, 'data/000001.vlog');
  const fd = openSync(path, 'w');
  for (const at of [0, 5 << 20, (60 << 20) + 4096]) writeSync(fd, Buffer.alloc(10_000, 7), 0, 10_000, at);
  closeSync(fd);
  truncateSync(path, 100 << 20);
  const { folder } = await backUp(home, { mode: 'copy' });
  const copy = join(folder, '000001.vlog');
  expect(statSync(copy).size).toBe(100 << 20);
  expect(statSync(copy).blocks).toBeLessThanOrEqual(statSync(path).blocks);
  expect(runTool('cmp', [path, copy])).toBe('');
});

test('sockets and FIFOs are named, and not waited for', async () => {
  const home = newHome();
  runTool('mkfifo', [join(home, 'data/pipe')]);
  const server = createServer().listen(join(home, 'data/signer.sock'));
  await once(server, 'listening');
  const before = seenIn(join(home, 'data'));
  const { folder, special } = await backUp(home);
  server.close();
  expect([...special].sort()).toEqual(['pipe', 'signer.sock']);
  expectSame(seenIn(folder), before);
});

test('a thousand folders deep', async () => {
  const home = newHome();
  mkdirSync(join(home, 'data', 'd/'.repeat(1000)), { recursive: true });
  writeFileSync(join(home, 'data', 'd/'.repeat(1000), 'bottom'), 'here');
  const { folder, folders } = await backUp(home);
  expect(folders).toBe(1004);
  expect(readFileSync(join(folder, 'd/'.repeat(1000), 'bottom'), 'utf8')).toBe('here');
});

test('a path that is too long with the name of the backup is named, and nothing is left', async () => {
  const home = newHome();
  const deep = join(home, 'data', 'd/'.repeat(Math.floor((4090 - home.length - 5) / 2)));
  mkdirSync(deep, { recursive: true });
  await expect(backUp(home)).rejects.toMatchObject({
    code: 'BACKUP_FAILED',
    message: expect.stringContaining('ENAMETOOLONG'),
  });
  expect(backupsIn(home)).toEqual([]);
  runTool('rm', ['-r', home]); // paths that Node's removal cannot reach
});

test('times from before 1970 and of the far future', async () => {
  const home = newHome();
  utimesSync(join(home, 'data/upgrade-info.json'), -1000, -1000);
  utimesSync(join(home, 'data/application.db/LOG'), 4_000_000_000, 4_000_000_000);
  const before = seenIn(join(home, 'data'));
  expectSame(seenIn((await backUp(home)).folder), before);
});

needs({ slow: true })(
  '100,000 small files take little memory',
  () => {
    const home = newHome();
    for (let folder = 0; folder < 10; folder += 1) {
      mkdirSync(join(home, `data/chunks/${folder}`), { recursive: true });
      for (let file = 0; file < 10_000; file += 1) writeFileSync(join(home, `data/chunks/${folder}/${file}`), '');
    }
    const { copied, grown } = backUpApart([home]) as { copied: { files: number }; grown: number };
    expect(copied.files).toBe(100_007);
    expect(grown).toBeLessThan(48 * 1024); // KiB
    rmSync(home, { recursive: true });
  },
  600_000,
);

needs({ root: true })('the user and group of files are kept by root, and set-id bits with them', async () => {
  const home = newHome();
  const file = join(home, 'data/application.db/LOG');
  for (const path of [file, join(home, 'data/dangling'), join(home, 'data/snapshots'), join(home, 'data')]) {
    lchownSync(path, 65534, 65534);
  }
  chmodSync(file, 0o6755);
  const { folder } = await backUp(home);
  for (const path of ['application.db/LOG', 'dangling', 'snapshots', '.']) {
    expect(lstatSync(join(folder, path)).uid, path).toBe(65534);
  }
  expect(statSync(join(folder, 'application.db/LOG')).mode & 0o7777).toBe(0o6755);
});

needs({ root: true })('what a user may not read, link or write', () => {
  const home = newHome();
  chmodSync(scratch, 0o755);
  runTool('chown', ['-R', '65534:65534', home]);
  const table = join(home, 'data/application.db/000001.ldb');
  chmodSync(table, 0o444);
  lchownSync(table, 0, 0); // fs.protected_hardlinks: neither his nor one that he may write
  expect(asNobody([home])).toMatchObject({ linked: { files: 1 }, copied: { files: 8 } });
  runTool('rm', ['-r', join(home, 'data-backup-2026-7-1')]);
  expect(asNobody([home, home, 'link'])).toMatchObject({
    code: 'BACKUP_FAILED',
    message: expect.stringMatching(/000001\.ldb" cannot be hard-linked into the backup: EPERM/),
  });
  chmodSync(table, 0o400);
  expect(asNobody([home])).toMatchObject({
    code: 'BACKUP_FAILED',
    message: expect.stringMatching(/000001\.ldb" cannot be read for the backup: EACCES/),
  });
  chmodSync(table, 0o444);
  chmodSync(join(home, 'data/snapshots'), 0);
  expect(asNobody([home])).toMatchObject({
    code: 'BACKUP_FAILED',
    message: expect.stringMatching(/data\/snapshots" cannot be read for the backup: EACCES/),
  });
  chmodSync(join(home, 'data/snapshots'), 0o500);
  mkdirSync(join(scratch, 'roots'));
  expect(asNobody([home, join(scratch, 'roots')])).toMatchObject({
    code: 'BACKUP_FAILED',
    message: expect.stringMatching(/roots\/data-backup-2026-7-1\.partial" cannot be written for the backup: EACCES/),
  });
  expect(backupsIn(home)).toEqual([]);
  expect(readdirSync(join(scratch, 'roots'))).toEqual([]);
  expect(asNobody([home])).toMatchObject({ linked: { files: 1 } }); // a folder that is read-only is no hindrance
});

test.each([
  ['is removed', (data: string) => rmSync(join(data, 'later')), /later" vanished/],
  ['is renamed', (data: string) => renameSync(join(data, 'later'), join(data, 'new')), /later" vanished/],
  ['is written', (data: string) => writeFileSync(join(data, 'first/big'), 'x', { flag: 'r+' }), /first\/big" changed/],
  ['becomes a folder', (data: string) => mkdirOver(join(data, 'later')), /later" changed/],
  ['appears', (data: string) => writeFileSync(join(data, 'first/new'), ''), /first" changed/],
  ['is replaced', (data: string) => renameSync(join(data, 'upgrade-info.json'), join(data, 'first/big')), /first/],
])('a file that %s while another is copied: one error, which says who may do that', async (_, change, message) => {
  const home = newHome();
  const data = join(home, 'data');
  mkdirSync(join(data, 'first')); // the files of data itself come last
  writeFileSync(join(data, 'first/big'), '');
  truncateSync(join(data, 'first/big'), 2 ** 28);
  writeFileSync(join(data, 'later'), '');
  const backup = backUp(home, { mode: 'copy' });
  const outcome = expect(backup).rejects.toMatchObject({
    ...{ code: 'BACKUP_FAILED', message: expect.stringMatching(message) },
    hint: expect.stringContaining('Does a node still run'),
  });
  const isCopying = () => existsSync(join(home, 'data-backup-2026-7-1.partial/first/big'));
  while (!isCopying()) await new Promise((resolve) => setImmediate(resolve));
  change(data);
  await outcome;
  expect(backupsIn(home)).toEqual([]);
});

test('an operator may add a plan to data meanwhile', async () => {
  const home = newHome();
  mkdirSync(join(home, 'data/first'));
  writeFileSync(join(home, 'data/first/big'), '');
  truncateSync(join(home, 'data/first/big'), 2 ** 27);
  const backup = backUp(home, { mode: 'copy' });
  while (!existsSync(join(home, 'data-backup-2026-7-1.partial/first/big'))) await new Promise(setImmediate);
  writeFileSync(join(home, 'data/upgrade-info.json.batch'), '[]');
  expect((await backup).copied.files).toBe(10);
});

function mkdirOver(path: string): void {
  rmSync(path);
  mkdirSync(path);
}

function backUpApart(args: readonly string[], options: { uid?: number; gid?: number } = {}): unknown {
  const { stdout, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', ...options });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

function asNobody(args: readonly string[]): unknown {
  return backUpApart(args, { uid: 65534, gid: 65534 });
}

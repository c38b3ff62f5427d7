// The last step of a staging, killed (SIGKILL) as it enters each call that changes something in the home: the place then holds
// the whole old folder or the whole new one, or the old one waits aside; and the next staging ends well and leaves nothing.
// strace without -f follows the main thread alone, on which the home is written; when=N counts the calls of a name.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, expect } from 'vitest';

import { stagedFiles } from '../../src/evidence/staged-files.js';
import { needs } from '../support/needs.js';
import { cli, demoSandbox, makeSandbox, namesBelow, type Sandbox } from '../support/sandbox.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
/** What changes names, or makes them last; what writes into the scratch folder alone is between two of these. */
const calls = ['mkdir', 'rmdir', 'unlink', 'unlinkat', 'rename', 'renameat2', 'symlink', 'fsync', 'fdatasync'];
const command = ['stage-genesis', '--force', '--tag', 'v2.0.6'];
let origin: Sandbox; // its path is as long as the others': it stands in the demo's RUNPATH, so the bytes depend on its length
let oldFiles: string;
let newFiles: string;

beforeAll(async () => {
  origin = await demoSandbox(mkdtempSync(join(scratch, 'at-')));
  newFiles = await stagedBy(['stage-genesis'], 'new');
  oldFiles = await stagedBy(['stage-genesis', '--tag', 'v2.1.0'], 'old');
});

async function stagedBy(args: readonly string[], name: string): Promise<string> {
  const home = join(scratch, name);
  expect((await origin.run(args, { DAEMON_HOME: home })).status).toBe(0);
  return filesIn(join(home, 'cosmovisor/genesis'));
}

/** What lies in a staged folder; '' where it is not there. */
function filesIn(folder: string): string {
  return existsSync(folder) ? JSON.stringify([stagedFiles(folder), existsSync(join(folder, 'manifest.json'))]) : '';
}

/** A fresh home, with the old release or nothing in its place, and a cache of its own that has the mirror. */
function freshSandbox(start: 'old' | 'nothing'): Sandbox {
  const sandbox = makeSandbox(mkdtempSync(join(scratch, 'at-')), {
    recipe: 'demo',
    repository: join(origin.root, 'repository'),
  });
  if (start === 'old') cpSync(join(scratch, 'old'), sandbox.home, { recursive: true, preserveTimestamps: true });
  cpSync(join(origin.root, 'cache'), join(sandbox.root, 'cache'), { recursive: true });
  return sandbox;
}

function traced(sandbox: Sandbox, options: readonly string[]) {
  return spawnSync('strace', ['-qq', ...options, process.execPath, cli, ...command], {
    encoding: 'utf8',
    cwd: sandbox.root,
    env: { ...sandbox.environment, UV_THREADPOOL_SIZE: '1' },
  });
}

/** Each call below the home, as its name and its number among those of that name. */
function callsBelowHome(start: 'old' | 'nothing'): [call: string, n: number][] {
  const sandbox = freshSandbox(start);
  const file = join(sandbox.root, 'trace');
  const known = calls.map((call) => `?${call}`).join(',');
  const { status, stderr } = traced(sandbox, ['-y', '-s', '4096', '-o', file, '-e', `trace=${known}`]);
  if (status !== 0) throw new Error(stderr);
  const counts = new Map<string, number>();
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line): [string, number][] => {
      const [, call = '', args = ''] = /^(\w+)\((.*)$/.exec(line) ?? [];
      const n = (counts.get(call) ?? 0) + 1;
      counts.set(call, n);
      return args.includes(`${sandbox.home}/`) ? [[call, n]] : [];
    });
}

for (const start of ['nothing', 'old'] as const) {
  needs({ strace: true, slow: true })(
    `killed at each change of the home, over ${start}: whole before and after, and mended by the next staging`,
    async () => {
      const before = start === 'old' ? oldFiles : '';
      const seen = { before: 0, aside: 0, after: 0 };
      for (const [call, n] of callsBelowHome(start)) {
        const at = `${call} ${n}`;
        const sandbox = freshSandbox(start);
        const ended = traced(sandbox, [
          '-o',
          '/dev/null',
          '-e',
          `trace=${call}`,
          '-e',
          `inject=${call}:signal=SIGKILL:when=${n}`,
        ]);
        expect(ended.signal ?? ended.status, `${at}\n${ended.stderr}`).toBe('SIGKILL');
        const cosmovisor = join(sandbox.home, 'cosmovisor');
        const now = filesIn(join(cosmovisor, 'genesis'));
        if (now === newFiles) seen.after += 1;
        else if (now === '' && start === 'old') {
          seen.aside += 1;
          expect(filesIn(join(cosmovisor, '.cvtool-staging/old/genesis')), at).toBe(oldFiles);
        } else {
          seen.before += 1;
          expect(now, at).toBe(before);
        }
        const again = await sandbox.run(command);
        expect({ status: again.status, stderr: again.stderr }, at).toEqual({ status: 0, stderr: '' });
        expect(filesIn(join(cosmovisor, 'genesis')), at).toBe(newFiles);
        expect(
          namesBelow(sandbox.home).filter((name) => name.includes('.cvtool')),
          at,
        ).toEqual([]);
        expect(sandbox.leftovers(), at).toEqual([]);
        rmSync(sandbox.root, { recursive: true });
      }
      expect(seen.before).toBeGreaterThan(0);
      expect(seen.after).toBeGreaterThan(0);
      if (start === 'old') expect(seen.aside).toBeGreaterThan(0);
    },
    1_200_000,
  );
}

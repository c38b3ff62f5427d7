// Disks that are full, apart, or able to clone: small ones of our own, mounted where nobody else sees them.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from 'vitest';

import { makeHome } from './homes.js';
import { writeProgram } from '../support/child-program.js';
import { needs } from '../support/needs.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
const program = writeProgram(
  scratch,
  'backs-up',
  `import { makeBackup } from './src/backup/make.js';
  const [home = '', backupDir = home, mode = 'auto'] = process.argv.slice(2);
  try {
    const result = await makeBackup({
      home, dataFolder: home + '/data', backupDir, plan: undefined, current: undefined, mode: mode as 'auto',
      now: new Date(2026, 6, 1),
    });
    console.log(JSON.stringify(result));
  } catch (error) {
    const { code, message, hint } = error as { code?: string; message: string; hint?: string };
    console.log(JSON.stringify({ code, message, hint }));
  }`,
);
const backUp = `node ${program}`;
let count = 0;

needs({ root: true })('on another file system tables are copied; mode link refuses that', () => {
  const { home, other } = places();
  const script = `${mountTmpfs(other, '10m')}; ${backUp} ${home} ${other}; ls ${other}; ${backUp} ${home} ${other} link; ls ${other}`;
  const [made, name, refused, ...rest] = runApart(script);
  expect(JSON.parse(made!)).toMatchObject({ linked: { files: 0 }, copied: { files: 9 }, cloned: { files: 0 } });
  expect([name, ...rest]).toEqual(['data-backup-2026-7-1', 'data-backup-2026-7-1']);
  expect(JSON.parse(refused!)).toMatchObject({ code: 'BACKUP_FAILED', message: expect.stringMatching(/EXDEV/) });
});

needs({ root: true })('a part of data on another file system is copied, the rest is linked', () => {
  const { home } = places();
  const mounted = join(home, 'data/state.db');
  mkdirSync(mounted);
  const fill = `cp ${home}/data/application.db/* ${mounted}`;
  const [made] = runApart(`${mountTmpfs(mounted, '10m')}; ${fill}; ${backUp} ${home}`);
  expect(JSON.parse(made!)).toMatchObject({ linked: { files: 2 }, copied: { files: 14 } });
});

needs({ root: true })('what does not fit is refused before it is copied; what just fits is not', () => {
  const { home, other } = places();
  writeFileSync(join(home, 'data/big'), Buffer.alloc(4 << 20, 1));
  // 4 MiB, eight small files of a page each (an empty one takes none), and the record's page
  for (const [pages, fits] of [
    [1024 + 9, true],
    [1024 + 7, false],
  ] as const) {
    const [told, ...left] = runApart(
      `${mountTmpfs(other, `${pages * 4}k`)}; ${backUp} ${home} ${other}; ls -A ${other}`,
    );
    if (fits) expect(left).toEqual(['data-backup-2026-7-1']);
    else {
      expect(JSON.parse(told!)).toMatchObject({
        code: 'NO_SPACE',
        message: expect.stringMatching(
          /^no space left in ".*other": the backup needs 4\.0 MiB, and 4\.0 MiB are free$/,
        ),
      });
      expect(left).toEqual([]);
    }
  }
});

needs({ root: true })('a disk that fills up in the middle: one error, and its space is free again', () => {
  const { home, other } = places();
  for (let number = 0; number < 50; number += 1) writeFileSync(join(home, `data/${number}`), 'x');
  const mount = `mount -t tmpfs -o size=10m,nr_inodes=30 none ${other}`;
  const [told, used, ...left] = runApart(
    `${mount}; ${backUp} ${home} ${other}; df --output=used ${other} | tail -1; ls -A ${other}`,
  );
  expect(JSON.parse(told!)).toMatchObject({
    code: 'NO_SPACE',
    message: expect.stringMatching(/no space left for the backup: ".*other\/data-backup-2026-7-1\.partial.*ENOSPC/),
  });
  expect([used?.trim(), ...left]).toEqual(['0']);
});

needs({ root: true })('a folder that can only be read', () => {
  const { home, other } = places();
  const [told] = runApart(`mount -t tmpfs -o ro none ${other}; ${backUp} ${home} ${other}`);
  expect(JSON.parse(told!)).toMatchObject({
    code: 'BACKUP_FAILED',
    message: expect.stringMatching(/other\/data-backup-2026-7-1\.partial" cannot be written for the backup: EROFS/),
  });
});

needs({ root: true, xfs: true })(
  'where the file system can clone, nothing but tables is shared, no space is needed, and copy clones nothing',
  () => {
    const { home, other } = places();
    const image = join(scratch, `image ${count}`);
    const steps = [
      `truncate -s 320M '${image}' && mkfs.xfs -q '${image}' && mount -o loop '${image}' ${other}`,
      `cp -a ${home} ${other}/home && head -c 100M /dev/zero | tr '\\0' x > ${other}/home/data/big`,
      `${backUp} ${other}/home; ${backUp} ${other}/home`,
      `cmp ${other}/home/data/big ${other}/home/data-backup-2026-7-1.2/big && stat -c %h ${other}/home/data/application.db/LOG`,
      `echo later >> ${other}/home/data/big; head -c 1 ${other}/home/data-backup-2026-7-1/big; echo; ${backUp} ${other}/home ${other}/home copy`,
    ];
    const [first, second, names, byte, copied] = runApart(steps.join('; '));
    expect(JSON.parse(first!)).toMatchObject({ linked: { files: 2 }, cloned: { files: 7 }, copied: { files: 1 } });
    expect(JSON.parse(second!)).toMatchObject({ cloned: { files: 7 } });
    expect([names, byte]).toEqual(['1', 'x']);
    expect(JSON.parse(copied!)).toMatchObject({ cloned: { files: 0 }, copied: { files: 10 } });
  },
);

function places(): { home: string; other: string } {
  count += 1;
  const home = makeHome(join(scratch, `home${count}`));
  const other = join(scratch, `${count}-other`);
  mkdirSync(other);
  return { home, other };
}

function mountTmpfs(folder: string, size: string): string {
  return `mount -t tmpfs -o size=${size} none ${folder}`;
}

/** @returns the lines that the script printed */
function runApart(script: string): string[] {
  const { stdout, stderr } = spawnSync('unshare', ['-m', 'sh', '-c', script], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return stdout
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '');
}

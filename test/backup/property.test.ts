// Random folders, and a daemon that then writes what it likes, as databases do: tables are made and removed, never written again.
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { decodePath, encodePath, type BytePath } from '../../src/backup/bytes.js';
import { suspectFiles } from '../../src/backup/check.js';
import { readRecord } from '../../src/backup/record.js';
import { bytePath } from '../../src/backup/bytes.js';
import { backUp, expectSame, seenIn } from './homes.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
let count = 0;

const name = fc.constantFrom(
  'CURRENT',
  'MANIFEST-1',
  '1.ldb',
  '2.ldb',
  '3.sst',
  'LOG',
  'a',
  'é',
  'b c',
  '\xff',
  '.x',
  'd\n',
);
const content = fc.oneof(fc.string(), fc.constantFrom('', '\0'.repeat(20_000), `x${'\0'.repeat(9000)}y`));
const mode = fc.constantFrom(0o644, 0o600, 0o400, 0o755, 0o4755, 0o000);
const folderMode = fc.constantFrom(0o755, 0o700, 0o1777, 0o2750);
type Node =
  | { kind: 'file'; content: string; mode: number }
  | { kind: 'link'; to: string }
  | { kind: 'folder'; mode: number; entries: Record<string, Node> };
const { node } = fc.letrec<{ node: Node }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4, depthSize: 'medium' },
    fc.record({ kind: fc.constant('file' as const), content, mode }),
    fc.record({ kind: fc.constant('link' as const), to: fc.constantFrom('nowhere', 'a', '../x', '/etc/passwd', '.') }),
    fc.record({
      kind: fc.constant('folder' as const),
      mode: folderMode,
      entries: fc.dictionary(name, tie('node'), { maxKeys: 8 }),
    }),
  ),
}));
const entries = fc.dictionary(name, node, { minKeys: 1, maxKeys: 8 });
const what = fc.constantFrom('append', 'rewrite', 'truncate', 'remove', 'rename', 'new table');
const deeds = fc.array(fc.record({ what, pick: fc.nat() }), { maxLength: 12 });

test('the backup is what data was, and stays that whatever a daemon does to data', async () => {
  await fc.assert(
    fc.asyncProperty(entries, deeds, fc.constantFrom('auto' as const, 'copy' as const), async (made, done, how) => {
      const home = join(scratch, `home ${(count += 1)}`);
      mkdirSync(join(home, 'data'), { recursive: true });
      fill(join(home, 'data'), made);
      const before = seenIn(join(home, 'data'));
      const { folder, linked, copied, cloned } = await backUp(home, { mode: how });
      expectSame(seenIn(folder), before, 'when it was made');
      const files = [...before.values()].filter(({ kind }) => kind === 'file');
      expect(linked.files + copied.files + cloned.files).toBe(files.length);
      for (const deed of done) act(join(home, 'data'), deed);
      expectSame(seenIn(folder), before, 'when the daemon had written');
      expect(suspectFiles(folder, readRecord(bytePath(folder))!)).toEqual([]);
      rmSync(home, { recursive: true });
    }),
    { numRuns: 60 },
  );
}, 300_000);

test('a path of any bytes comes back from its text', () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 12 }).map((array) => Buffer.from(array).toString('latin1'));
  const text = fc.oneof(
    bytes,
    fc.string({ unit: 'grapheme' }).map((plain) => bytePath(plain)),
    fc.constant('%41%'),
  );
  fc.assert(
    fc.property(text, (path) => {
      expect(decodePath(encodePath(path as BytePath))).toBe(path);
    }),
  );
});

function fill(folder: string, nodes: Record<string, Node>): void {
  for (const [entry, made] of Object.entries(nodes)) {
    const path = join(folder, entry);
    if (made.kind === 'link') symlinkSync(made.to, path);
    else if (made.kind === 'file') writeFileSync(path, made.content, { mode: made.mode });
    else {
      mkdirSync(path);
      fill(path, made.entries);
    }
    if (made.kind !== 'link') chmodSync(path, made.mode);
  }
}

/** One write of a daemon; tables are only ever removed or made under a new number. */
function act(data: string, { what: deed, pick }: { what: string; pick: number }): void {
  const files = [...seenIn(data)].filter(([path, { kind }]) => kind === 'file' && path !== '');
  const [path] = files[pick % files.length] ?? [];
  const place = path === undefined ? undefined : join(data, Buffer.from(path, 'latin1').toString());
  if (place === undefined || !existsSync(place)) return;
  const isTable = /\.(?:ldb|sst)$/.test(place);
  if (deed === 'new table') writeFileSync(join(place, `../${pick}.ldb`), 'new', { flag: 'a' });
  else if (deed === 'remove') rmSync(place);
  else if (deed === 'rename') renameSync(place, `${place}.old`);
  else if (isTable) return;
  else if (deed === 'append') appendFileSync(place, 'more');
  else if (deed === 'truncate') truncateSync(place, 1);
  else writeFileSync(place, 'other');
}

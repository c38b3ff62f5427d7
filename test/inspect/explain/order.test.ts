// The last words decide.
import { expect, test } from 'vitest';

import { explainText, lastOf, readText } from './read.js';

const start = '4:18AM INF starting node with ABCI Tendermint in-process';
const block = (height: number) => `4:18AM INF committed state app_hash=AB height=${height} module=state num_txs=0`;
const locked = 'Error: failed to initialize database: resource temporarily unavailable';
const needed = (name: string) => `4:18AM ERR UPGRADE "${name}" NEEDED at height: 32: `;
const ended = 'Error: panacead ended with exit status 1';
const log = (...lines: readonly string[]): string => `${lines.join('\n')}\n`;

test('nothing known: the last lines are kept', () => {
  expect(explainText(log(start, 'one', '', 'two'))).toMatchObject({ last: undefined, also: [], earlier: [] });
  expect(readText(log(start, 'one', '', 'two')).lastLines.slice(-2)).toEqual(['one', 'two']);
  expect(readText('')).toMatchObject({ lines: 0, sightings: [], lastLines: [] });
});

test('blocks after a failure make it history', () => {
  const { last, earlier } = explainText(log(start, locked, start, block(30), block(31)));
  expect(last).toBeUndefined();
  expect(earlier).toMatchObject([{ id: 'database-locked', line: 2, times: 1 }]);
  expect(readText(log(block(30), block(31))).block).toEqual({ line: 2, height: 31 });
});

test('a start alone does not: the failure still stands', () => {
  expect(explainText(log(start, block(30), locked, start))).toMatchObject({
    last: { id: 'database-locked', line: 3 },
    startedSince: true,
  });
});

test('of two lives the last one counts, and the one before is history', () => {
  const { last, earlier } = explainText(log(start, locked, start, needed('v2')));
  expect(last?.id).toBe('upgrade-needed');
  expect(earlier.map(({ id }) => id)).toEqual(['database-locked']);
});

test('an end of no known kind is told as such, and not by what was wrong in another life', () => {
  expect(explainText(log(start, locked, start, 'panic: nobody knows this'))).toMatchObject({
    last: { id: 'panic' },
    earlier: [{ id: 'database-locked' }],
  });
});

test('a cause goes before the symptoms around it; a second cause is told beside it', () => {
  expect(lastOf(log(start, locked, 'panic: something', ended))).toBe('database-locked');
  const both = explainText(log(start, locked, needed('v2'), ended));
  expect(both.last?.id).toBe('upgrade-needed');
  expect(both.also.map(({ id }) => id)).toEqual(['database-locked']);
});

test('in one line too: a panic that names its cause is that cause', () => {
  expect(lastOf('panic: unable to write upgrade info to filesystem: open x: permission denied')).toBe(
    'plan-not-written',
  );
  expect(lastOf('4:18AM ERR CONSENSUS FAILURE!!! err="UPGRADE \\"v2\\" NEEDED at height: 3: "')).toBe('upgrade-needed');
});

test('a crash loop is counted by its lives, and one failure said in two ways is one', () => {
  const life = [start, needed('v2'), 'panic: UPGRADE "v2" NEEDED at height: 32: '];
  expect(explainText(log(...life)).last?.times).toBe(1);
  expect(explainText(log(...life, ...life, ...life)).last?.times).toBe(3);
  const loader =
    './x: error while loading shared libraries: l.so: cannot open shared object file: No such file or directory';
  expect(explainText(log(loader, loader)).last?.times).toBe(2);
});

test('what passes is the last word only where nothing else is', () => {
  const skipped = '4:21AM INF UPGRADE "v2" SKIPPED at 32: ';
  expect(lastOf(log(start, skipped))).toBe('upgrade-skipped');
  expect(lastOf(log(start, skipped, locked))).toBe('database-locked');
  expect(explainText(log(start, skipped, block(32)))).toMatchObject({
    last: undefined,
    earlier: [{ id: 'upgrade-skipped' }],
  });
});

test('a panic in the middle of an upgrade says so, one after it not', () => {
  const applying = '4:18AM INF applying upgrade "v2" at height: 32';
  expect(explainText(log(start, applying, 'panic: x')).last?.means).toContain('It was applying upgrade v2.');
  expect(explainText(log(start, applying, block(32), 'panic: x')).last?.means).not.toContain('applying');
  expect(explainText(log(start, applying, start, 'panic: x')).last?.means).not.toContain('applying');
});

test('many other failures push out the oldest, never the last', () => {
  const many = Array.from({ length: 500 }, (_, index) => needed(`v${index}`));
  const { last, also, earlier } = explainText(log(locked, ...many));
  expect(last?.text).toContain('v499');
  expect(also).toEqual([]);
  expect(earlier.length).toBeLessThanOrEqual(10);
  expect(readText(log(...many)).sightings.length).toBeLessThanOrEqual(64);
});

test("another process's death is not the daemon's", () => {
  const kernel = 'Nov 25 04:18:15 val-1 kernel: Out of memory: Killed process 4711 (postgres) total-vm:1kB';
  expect(lastOf(log(kernel))).toBe('out-of-memory'); // without a home nobody knows the daemon's name
});

test('lines that journalctl leaves out are counted', () => {
  expect(readText(log('Nov 25 04:18:15 val-1 panacead[4711]: [1.2K blob data]', '[301B blob data]')).blobs).toBe(2);
});

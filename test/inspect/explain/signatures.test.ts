import { readFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { logText } from '../../../src/inspect/explain/log-text.js';
import { matchLine, signatures } from '../../../src/inspect/explain/signatures/table.js';
import { harmless, recorded } from './recorded.js';
import { explainText, readText } from './read.js';

const raw = (line: string): string => Buffer.from(line).toString('latin1');

test.each(recorded)('$id: $line', ({ id, line, found }) => {
  const match = matchLine(logText(raw(line)));
  expect(match?.signature.id).toBe(id);
  expect(match?.found).toEqual(found);
});

test('every row is seen in a recorded line, and its words let the line through', () => {
  const seen = recorded.map(({ id }) => id);
  for (const { id } of signatures) {
    if (['library-unusable', 'glibc-too-old', 'disk-full'].includes(id)) continue; // real ones: real.test.ts
    expect(seen, id).toContain(id);
  }
  expect(new Set(signatures.map(({ id }) => id)).size).toBe(signatures.length);
  for (const { id, line } of recorded) expect(readText(line).sightings[0]?.signature.id, line).toBe(id);
});

test('what a daemon says while all is well is no failure', () => {
  for (const line of harmless) expect(readText(line).sightings, line).toEqual([]);
});

describe.each([
  ['journalctl', (line: string) => `Nov 25 04:18:15 val-1 panacead[4711]: ${line}`],
  ['journalctl, a day of one digit', (line: string) => `Nov  5 04:18:15 val-1 cvtool[4711]: ${line}`],
  ['journalctl -o short-iso', (line: string) => `2026-11-25T04:18:15+0000 val-1 panacead[4711]: ${line}`],
  [
    'journalctl -o short-iso-precise',
    (line: string) => `2026-11-25T04:18:15.872307+00:00 val-1 panacead[4711]: ${line}`,
  ],
  ['journalctl -o short-full', (line: string) => `Wed 2026-11-25 04:18:15 UTC val-1 panacead[4711]: ${line}`],
  ['journalctl -o short-monotonic', (line: string) => `[  871.872307] val-1 panacead[4711]: ${line}`],
  [
    'journalctl -o json',
    (line: string) => JSON.stringify({ _HOSTNAME: 'val-1', MESSAGE: line, SYSLOG_IDENTIFIER: 'panacead' }),
  ],
  [
    'journalctl -o json, the message as bytes',
    (line: string) => JSON.stringify({ MESSAGE: [...Buffer.from(line)], SYSLOG_IDENTIFIER: 'panacead' }),
  ],
  ["Docker's json-file", (line: string) => JSON.stringify({ log: `${line}\n`, stream: 'stderr', time: '2026-11-25' })],
  ['docker compose', (line: string) => `panacea-node-1  | ${line}`],
  ['docker logs -t', (line: string) => `2026-11-25T04:18:15.872307737Z ${line}`],
  ['Kubernetes', (line: string) => `2026-11-25T04:18:15.872307737Z stderr F ${line}`],
  ['a file with CR LF', (line: string) => `${line}\r`],
])('through %s', (_, wrap) => {
  test('each is the same, and what is harmless stays so', () => {
    for (const { id, line, found } of recorded.filter((each) => !/systemd|kernel/.test(each.line))) {
      const [sighting] = readText(wrap(line)).sightings;
      expect({ id: sighting?.signature.id, found: sighting?.found }, wrap(line)).toEqual({ id, found });
    }
    for (const line of harmless.filter((each) => !each.includes('systemd')))
      expect(readText(wrap(line)).sightings, wrap(line)).toEqual([]);
  });
});

test('systemd in JSON', () => {
  const line = {
    MESSAGE: 'panacead.service: Main process exited, code=exited, status=127/n/a',
    SYSLOG_IDENTIFIER: 'systemd',
  };
  expect(explainText(JSON.stringify(line)).last?.id).toBe('ended');
});

test('whatever a line holds comes out in one line, without control characters', () => {
  const line = 'panic: UPGRADE "v2\x1b]0;title\x07\x1b[2J" NEEDED at height: 1: \u202e';
  const { last } = explainText(line);
  for (const text of [last?.text, last?.means, ...(last?.toDo ?? [])]) expect(text).not.toMatch(/\p{Cc}|\u202e/u);
});

test('a name from the log is one word of the command that it stands in', () => {
  const { last } = explainText(`panic: UPGRADE "x; rm -rf $HOME 'y" NEEDED at height: 7: `);
  expect(last?.toDo.join('\n')).toContain(`cvtool stage-upgrade 'x; rm -rf $HOME '\\''y'`);
  expect(explainText('panic: UPGRADE "-x" NEEDED at height: 7: ').last?.toDo.join('\n')).toContain(
    'stage-upgrade -- -x',
  );
});

test('docs/explain.md has a row for each signature, and no other', () => {
  const manual = readFileSync(new URL('../../../docs/explain.md', import.meta.url), 'utf8');
  const rows = Array.from(
    manual.matchAll(/^\| `([\w-]+)` +\| (cause|symptom|passing) +\|/gm),
    ([, id, kind]) => `${id} ${kind}`,
  );
  expect(rows.sort()).toEqual(signatures.map(({ id, kind }) => `${id} ${kind}`).sort());
});

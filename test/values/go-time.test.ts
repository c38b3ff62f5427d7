// Layouts and zones together, since only both make a line: a process for each TZ, and Go asked once for all of them.
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, expect, test } from 'vitest';

import { timeFormats } from '../../src/values/go-time.js';
import { askGo } from '../support/ask-go.js';
import { writeProgram } from '../support/child-program.js';
import { needs } from '../support/needs.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
const times = [
  '2024-12-31T23:59:58.000Z',
  '2025-01-01T12:00:00.120Z',
  '2025-03-15T12:00:00.000Z', // Ramadan: Morocco's rule at the end of its file does not hold then
  '2025-07-09T00:05:06.007Z',
  '2026-11-24T23:41:21.999Z',
];
const zones = [
  'UTC',
  'Europe/Berlin',
  'Europe/Dublin', // winter time is the one that is "saved"
  'Africa/Casablanca',
  'America/New_York',
  'America/St_Johns',
  'America/Sao_Paulo', // no name, only a number
  'Asia/Seoul',
  'Asia/Kathmandu',
  'Asia/Kolkata',
  'Australia/Lord_Howe', // half an hour
  'Pacific/Kiritimati',
  'Pacific/Chatham',
  'Antarctica/Troll', // two hours
];

let program: string;
beforeAll(() => {
  program = writeProgram(
    scratch,
    'times',
    `import { formatTime, timeFormats } from './src/values/go-time.ts';
     import { zoneName } from './src/host/time-zone.ts';
     const lines = JSON.parse(process.argv[2]).flatMap((time) => {
       const date = new Date(time);
       return Object.keys(timeFormats).map((format) => formatTime(format, date, () => zoneName(date, process.env)));
     });
     console.log(JSON.stringify(lines));`,
  );
});

function ours(zone: string | undefined, of = times): string[] {
  const env = { PATH: process.env.PATH, ...(zone === undefined ? {} : { TZ: zone }) };
  return JSON.parse(
    execFileSync(process.execPath, [program, JSON.stringify(of)], { env, encoding: 'utf8' }),
  ) as string[];
}

test('every layout, in winter in Berlin', () => {
  expect(ours('Europe/Berlin', ['2026-11-24T23:41:21.000Z'])).toEqual([
    "11/25 12:41:21AM '26 +0100",
    'Wed Nov 25 00:41:21 2026',
    'Wed Nov 25 00:41:21 CET 2026',
    'Wed Nov 25 00:41:21 +0100 2026',
    '25 Nov 26 00:41 CET',
    '25 Nov 26 00:41 +0100',
    'Wednesday, 25-Nov-26 00:41:21 CET',
    'Wed, 25 Nov 2026 00:41:21 CET',
    'Wed, 25 Nov 2026 00:41:21 +0100',
    '2026-11-25T00:41:21+01:00',
    '2026-11-25T00:41:21+01:00',
    '12:41AM',
  ]);
});

test.each([':Asia/Seoul', '/usr/share/zoneinfo/Asia/Seoul', 'Asia/Seoul'])('TZ=%s', (zone) => {
  expect(ours(zone, [times[0] ?? ''])[2]).toBe('Wed Jan  1 08:59:58 KST 2025');
});

test.each(['Nowhere/X', '/etc/passwd', '/', '../../../etc/passwd'])('TZ=%s is no zone: UTC, and no error', (zone) => {
  expect(ours(zone, [times[0] ?? ''])[2]).toBe('Tue Dec 31 23:59:58 UTC 2024');
});

/** RFC 8536: a header with these counts, and what follows it. */
function zoneFile(name: string, version: string, types: number, rest: string): string {
  const head = Buffer.alloc(44);
  head.write(`TZif${version}`, 'latin1');
  head.writeUInt32BE(types, 36);
  head.writeUInt32BE(types * 4, 40);
  writeFileSync(join(scratch, name), Buffer.concat([head, Buffer.from(rest, 'latin1')]));
  return join(scratch, name);
}

test.each([
  ['a file with nothing but a rule (zic -b slim)', '2', 0, `TZif2${'\0'.repeat(39)}\nRUL0\n`, 'RUL'],
  ['a rule whose names stand in brackets', '2', 0, `TZif2${'\0'.repeat(39)}\n<+05>-5<-00>0,M3.5.0,M10.5.0\n`, '-00'],
  ['a file of the first version', '\0', 1, `${'\0'.repeat(6)}TAB\0`, 'TAB'],
  ['a file that is cut off', '2', 1, '', 'UTC'],
  ['a rule for other offsets alone', '2', 0, `TZif2${'\0'.repeat(39)}\nRUL-7\n`, 'UTC'],
])('%s', (name, version, types, rest, zone) => {
  // The process itself is in UTC: what Node makes of such a file for its offset is undefined, and no affair of ours.
  const asked = writeProgram(
    scratch,
    'zone-name',
    `import { zoneName } from './src/host/time-zone.ts';
     console.log(zoneName(new Date(process.argv[2]), { TZ: process.argv[3] }));`,
  );
  const args = [asked, times[0] ?? '', zoneFile(name, version, types, rest)];
  expect(execFileSync(process.execPath, args, { env: { TZ: 'UTC' }, encoding: 'utf8' }).trim()).toBe(zone);
});

needs({ go: true })(
  'every layout in every zone is as Go prints it',
  () => {
    const known = zones.filter((zone) => existsSync(join('/usr/share/zoneinfo', zone)));
    const layouts = Object.values(timeFormats);
    const questions = known.flatMap((zone) =>
      times.flatMap((time) => layouts.map((layout) => [zone, time, layout].join('|'))),
    );
    const body = `	parts := strings.Split(question, "|")
	zone, err := time.LoadLocation(parts[0])
	if err != nil {
		return err.Error()
	}
	at, err := time.Parse(time.RFC3339Nano, parts[1])
	if err != nil {
		return err.Error()
	}
	return at.In(zone).Format(parts[2])`;
    const fromGo = askGo(['strings', 'time'], body, questions);
    const fromUs = known.flatMap((zone) => ours(zone));
    questions.forEach((question, index) => expect([question, fromUs[index]]).toEqual([question, fromGo[index]]));
    expect(known.length).toBeGreaterThan(5);
  },
  180_000,
);

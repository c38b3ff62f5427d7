import { expect, test } from 'vitest';

import { openByteSource } from '../../src/elf/bytes.js';
import { readElf } from '../../src/elf/elf-file.js';
import type { StagingTarget } from '../../src/home/paths.js';
import { parsePlanName } from '../../src/values/plan-name.js';
import { parseTag } from '../../src/values/tag.js';
import { judgeHandlers, type HandlerEvidence } from '../../src/verify/handler-verdict.js';
import { compileC } from '../support/compile-c.js';
import { scratchFolder } from '../support/scratch-folder.js';
import { panacea } from './panacea.js';

const scratch = scratchFolder();
const genesis: StagingTarget = { kind: 'genesis' };
const upgrade = (name: string): StagingTarget => ({ kind: 'upgrade', plan: parsePlanName(name) });

/** A program with these texts among its constants, as L5 sees it. */
async function judge(texts: readonly string[], target: StagingTarget | undefined, more: Partial<HandlerEvidence> = {}) {
  const list = texts.map((text) => JSON.stringify(text)).join(', ');
  const path = compileC(
    scratch,
    'program',
    `const char *names[] = {${list}, 0};\nint main(void) { return names[0] == 0; }`,
  );
  const source = openByteSource(path);
  try {
    const elf = { ...readElf(source), source };
    const nothing = { inSource: undefined, tag: undefined, version: undefined };
    const rows = judgeHandlers({ target, recipe: await panacea(), elf, ...nothing, ...more });
    return rows.map(({ status, text, hint }) => [status, text, hint ?? ''] as const);
  } finally {
    source.close();
  }
}

const statuses = (rows: Awaited<ReturnType<typeof judge>>) => rows.map(([status]) => status);

test('the name of the upgrade is there: a pass that says it is a heuristic', async () => {
  const rows = await judge(['v2.0.5', 'v2.0.6', 'v2.0.7'], upgrade('v2.0.7'));
  expect(rows).toEqual([['pass', expect.stringContaining('a heuristic'), '']]);
});

test('tag v2.0.7 staged as v2.0.7: a failure that names the tag which has it', async () => {
  const wrong = [
    'fail',
    expect.stringContaining('a handler for upgrade v2.0.7'),
    expect.stringContaining('--tag v2.0.7-2'),
  ];
  expect(await judge(['v2.0.5', 'v2.0.6'], upgrade('v2.0.7'))).toEqual([wrong]);
  const inSource = ['v2.0.5', 'v2.0.6'];
  expect(await judge(['v2.0.7'], upgrade('v2.0.7'), { inSource })).toEqual([wrong]); // the source decides where it was read
  const tag = parseTag('v2.0.7');
  expect(await judge(['v2.0.7'], upgrade('v2.0.7'), { tag })).toEqual([wrong]); // so does the release table
});

test('a longer version that begins like the name leaves it unknown', async () => {
  expect(statuses(await judge(['v2.0.7-2'], upgrade('v2.0.7')))).toEqual(['unknown']);
});

test("a name that is the program's own version proves nothing when it is there once", async () => {
  expect(statuses(await judge(['v2.0.7'], upgrade('v2.0.7'), { version: 'v2.0.7' }))).toEqual(['unknown']);
  expect(statuses(await judge(['v2.0.7', 'is v2.0.7'], upgrade('v2.0.7'), { version: 'v2.0.7' }))).toEqual(['pass']);
});

test('a later release in the order of the table is a warning, an alpha is none', async () => {
  const rows = await judge(['v2.0.5', 'v2.0.6', 'v2.2.0', 'v2.1.0'], upgrade('v2.0.5'));
  expect(rows).toEqual([
    expect.arrayContaining(['pass']),
    [
      'warn',
      expect.stringContaining('v2.0.6, v2.2.0, which come after v2.0.5'),
      expect.stringContaining('BINARY UPDATED BEFORE TRIGGER'),
    ],
  ]);
  const inSource = ['v2.0.5', 'v2.0.6'];
  expect(statuses(await judge(['x'], upgrade('v2.0.5'), { inSource }))).toEqual(['pass', 'warn']);
});

test('genesis wants no handler; one that comes later is a warning', async () => {
  expect(statuses(await judge(['x'], genesis))).toEqual(['pass']);
  expect(await judge(['v2.0.5'], genesis)).toEqual([
    ['warn', expect.stringContaining('comes after genesis'), expect.anything()],
  ]);
});

test('a name in another spelling than the chain may have is no failure, and short names are found anywhere', async () => {
  expect(statuses(await judge(['v8-Rho'], upgrade('v8-rho')))).toEqual(['warn']);
  expect(statuses(await judge(['v2'], upgrade('v2'), { recipe: undefined }))).toEqual(['unknown']);
  expect(statuses(await judge(['x'], upgrade('v99'), { recipe: undefined }))).toEqual(['fail']);
});

test('nothing is known of what is for no upgrade, or of a chain that does not say', async () => {
  expect(statuses(await judge(['x'], undefined))).toEqual(['unknown']);
  const recipe = { ...(await panacea()), handlers: undefined };
  expect(statuses(await judge(['x'], upgrade('v2.2.0'), { recipe }))).toEqual(['unknown']);
});

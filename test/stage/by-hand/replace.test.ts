// `replace`: another binary in the place of a staged one; the one before is kept, and comes back with its manifest.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { writeProgram } from '../../support/child-program.js';
import { compileC } from '../../support/compile-c.js';
import { killedAtEachCall } from '../../support/killed-at-each-call.js';
import { needs } from '../../support/needs.js';
import { runTool } from '../../support/run-tool.js';
import { cli, startProcess, treeOf } from '../../support/sandbox.js';
import { scratchFolder } from '../../support/scratch-folder.js';

const scratch = scratchFolder();
const built = { old: '#!/bin/sh\n# old\n', new: '#!/bin/sh\n# new\n' };

interface Place {
  readonly folder: string;
  readonly home: string;
  readonly args: readonly string[];
}

/** A home with v3 staged and running, and another binary for it. */
function makePlace(): Place {
  const folder = mkdtempSync(join(scratch, 'place-'));
  const home = join(folder, 'home');
  for (const name of ['cosmovisor/upgrades/v3/bin', 'data']) mkdirSync(join(home, name), { recursive: true });
  writeFileSync(join(home, 'cosmovisor/upgrades/v3/bin/demod'), built.old, { mode: 0o755 });
  writeFileSync(join(home, 'cosmovisor/upgrades/v3/manifest.json'), '{}');
  symlinkSync('upgrades/v3', join(home, 'cosmovisor/current'));
  writeFileSync(join(folder, 'built'), built.new, { mode: 0o644 });
  return { folder, home, args: [home, join(folder, 'built')] };
}

const v3 = ({ home }: Place, name: string): string => join(home, 'cosmovisor/upgrades/v3', name);
const textOf = (file: string): string => readFileSync(file, 'utf8');
const keptIn = (place: Place): string[] =>
  readdirSync(v3(place, ''))
    .filter((name) => name.startsWith('replaced-'))
    .map((name) => v3(place, join(name, 'bin/demod')));

function cvtool({ folder, home }: Place, ...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: {
      ...{ PATH: process.env.PATH, HOME: folder, TMPDIR: folder },
      ...{ DAEMON_HOME: home, DAEMON_NAME: 'demod', CVTOOL_RECIPE: 'demo' },
    },
  });
  return { status, stdout, stderr };
}

describe('replace', () => {
  test.each(['v3', 'current'])('%s gets the new binary, and the one before comes back with its manifest', (word) => {
    const place = makePlace();
    expect(cvtool(place, 'replace', word, 'built')).toMatchObject({ status: 0 });
    expect(textOf(v3(place, 'bin/demod'))).toBe(built.new);
    const [kept = '', ...more] = keptIn(place);
    expect([textOf(kept), more.length]).toEqual([built.old, 0]);
    expect(existsSync(v3(place, 'manifest.json'))).toBe(false); // it told of the other one
    const back = cvtool(place, 'replace', word, kept);
    expect(back.status, back.stderr).toBe(0);
    expect(textOf(v3(place, 'bin/demod'))).toBe(built.old);
    expect(textOf(v3(place, 'manifest.json'))).toBe('{}');
    expect([readdirSync(v3(place, 'bin')), keptIn(place).map(textOf)]).toEqual([['demod'], [built.new]]);
  });

  test('genesis too; a node that runs goes on with the file that it has', async () => {
    const place = makePlace();
    const program = compileC(place.folder, 'waits', '#include <unistd.h>\nint main(void) { for (;;) pause(); }');
    mkdirSync(join(place.home, 'cosmovisor/genesis/bin'), { recursive: true });
    const binary = join(place.home, 'cosmovisor/genesis/bin/demod');
    runTool('cp', [program, binary], { cwd: place.folder });
    const node = startProcess(binary, [], {}, place.folder);
    try {
      expect(cvtool(place, 'replace', 'genesis', 'built').status).toBe(0);
      expect([textOf(binary), node.child.exitCode]).toEqual([built.new, null]);
    } finally {
      node.child.kill('SIGKILL');
      await node.ended;
    }
  });

  test.each([
    [['v4', 'built'], 'nothing to replace'],
    [['v3', 'nowhere'], 'nowhere'],
    [['v3', 'home'], 'is a directory'],
    [['..', 'built'], '..'],
    [['v3', 'text'], 'L0'],
  ])('refuses %j, and writes nothing', (args, word) => {
    const place = makePlace();
    writeFileSync(join(place.folder, 'text'), 'no program\n');
    const before = treeOf(place.folder);
    const { status, stderr } = cvtool(place, 'replace', ...args);
    expect([status, stderr.match(/^Error: /gm)?.length], stderr).toEqual([1, 1]);
    expect(stderr).toContain(word);
    expect(treeOf(place.folder)).toEqual(before);
  });
});

const program = writeProgram(
  scratch,
  'replaces',
  `import { replaceByHand } from './src/stage/by-hand/replace.js';
  import { homePaths } from './src/home/paths.js';
  import { parsePlanName } from './src/values/plan-name.js';
  const [root = '', file = ''] = process.argv.slice(2);
  const nothing = () => undefined;
  await replaceByHand(
    {
      home: homePaths(root, 'demod'), target: { kind: 'upgrade', plan: parsePlanName('v3') }, file, now: new Date(),
      recase: true, recipe: undefined, environment: {}, force: false,
    },
    { info: nothing, warn: nothing },
    new AbortController().signal,
  );`,
);

needs({ strace: true })(
  'killed at any file call: the old one or the new one, whole, never under the other’s manifest; once more, and it is done',
  () => {
    const seen = new Set<string>();
    const makeIt = () => {
      const place = makePlace();
      return { place, args: place.args };
    };
    for (const { at, place } of killedAtEachCall(program, makeIt, scratch)) {
      const there = textOf(v3(place, 'bin/demod'));
      expect([built.old, built.new], at).toContain(there);
      if (existsSync(v3(place, 'manifest.json'))) expect(there, at).toBe(built.old);
      seen.add(there);
      runTool(process.execPath, [program, ...place.args], { cwd: place.home });
      expect(textOf(v3(place, 'bin/demod')), at).toBe(built.new);
      expect(keptIn(place).map(textOf), at).toEqual([built.old]);
      expect(readdirSync(join(place.home, 'cosmovisor')).sort(), at).toEqual(['current', 'upgrades']);
    }
    expect(seen).toEqual(new Set([built.old, built.new]));
  },
  300_000,
);

// `add-upgrade` and `add-batch-upgrade` killed at any file call: what is there is whole, a plan never stands there without its
// binary, and the same call once more goes through and leaves nothing behind.
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from 'vitest';

import { writeProgram } from '../../support/child-program.js';
import { killedAtEachCall } from '../../support/killed-at-each-call.js';
import { needs } from '../../support/needs.js';
import { namesBelow } from '../../support/sandbox.js';
import { scratchFolder } from '../../support/scratch-folder.js';
import { runTool } from '../../support/run-tool.js';

const scratch = scratchFolder();
const program = writeProgram(
  scratch,
  'adds',
  `import { addByHand } from './src/stage/by-hand/add.js';
  import { homePaths } from './src/home/paths.js';
  const [root = '', additions = ''] = process.argv.slice(2);
  const nothing = () => undefined;
  await addByHand(
    {
      home: homePaths(root, 'demod'), additions: JSON.parse(additions),
      recase: true, recipe: undefined, environment: {}, force: false, replace: true, givesWay: 'all',
    },
    { info: nothing, warn: nothing },
    new AbortController().signal,
  );`,
);
const built = { v2: '#!/bin/sh\n# two\n', v3: '#!/bin/sh\n# three\n' };
const old = '#!/bin/sh\n# old\n';
const before = '[{"name":"v9","height":9}]';
let count = 0;

needs({ strace: true })(
  'killed at any file call',
  () => {
    const seen = new Set<string>();
    for (const { at, place } of killedAtEachCall(program, makePlace, scratch)) {
      const { home, args } = place;
      const state = stateOf(home);
      expect(['none', built.v2], at).toContain(state.v2);
      expect([old, built.v3], at).toContain(state.v3);
      expect(['v9', 'v2,v3'], at).toContain(state.plans);
      if (state.plans === 'v2,v3') expect([state.v2, state.v3], at).toEqual([built.v2, built.v3]);
      // A manifest never tells of other bytes than those that it was written for.
      if (existsSync(join(home, 'cosmovisor/upgrades/v3/manifest.json'))) expect(state.v3, at).toBe(old);
      seen.add([state.v2 === 'none', state.v3 === old, state.plans].join());
      runTool(process.execPath, [program, ...args], { cwd: home });
      expect(stateOf(home), at).toEqual({ ...built, plans: 'v2,v3' });
      expect(namesBelow(home), at).toEqual([
        'cosmovisor',
        ...['', '/v2', '/v2/bin', '/v2/bin/demod', '/v3', '/v3/bin', '/v3/bin/demod'].map(
          (name) => `cosmovisor/upgrades${name}`,
        ),
        'data',
        'data/upgrade-info.json.batch',
      ]);
    }
    expect(seen).toEqual(new Set(['true,true,v9', 'false,true,v9', 'false,false,v9', 'false,false,v2,v3']));
  },
  300_000,
);

/** A home with v3 staged, and a list; v2 and v3 are to be added. */
function makePlace() {
  const place = join(scratch, `place-${(count += 1)}`);
  const home = join(place, 'home');
  for (const folder of ['cosmovisor/upgrades/v3/bin', 'data']) mkdirSync(join(home, folder), { recursive: true });
  writeFileSync(join(home, 'cosmovisor/upgrades/v3/bin/demod'), old, { mode: 0o755 });
  writeFileSync(join(home, 'cosmovisor/upgrades/v3/manifest.json'), '{}');
  writeFileSync(join(home, 'data/upgrade-info.json.batch'), before);
  for (const [name, text] of Object.entries(built)) writeFileSync(join(place, name), text);
  const additions = [
    { name: 'v2', file: join(place, 'v2'), height: 200 },
    { name: 'v3', file: join(place, 'v3'), height: 300 },
  ];
  const args = [home, JSON.stringify(additions)];
  return { place: { home, args }, args };
}

function stateOf(home: string): { v2: string; v3: string; plans: string } {
  const list = readFileSync(join(home, 'data/upgrade-info.json.batch'), 'utf8');
  return {
    v2: binaryOf(home, 'v2'),
    v3: binaryOf(home, 'v3'),
    plans: (JSON.parse(list) as { name: string }[]).map(({ name }) => name).join(),
  };
}

/** A folder that is there has its whole binary, 0755. */
function binaryOf(home: string, name: string): string {
  const folder = join(home, 'cosmovisor/upgrades', name);
  if (!existsSync(folder)) return 'none';
  expect(readdirSync(join(folder, 'bin'))).toEqual(['demod']);
  expect(statSync(join(folder, 'bin/demod')).mode & 0o7777).toBe(0o755);
  return readFileSync(join(folder, 'bin/demod'), 'utf8');
}

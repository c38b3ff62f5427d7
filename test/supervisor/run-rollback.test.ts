// The way back by the built program: beside a node, after it, killed in the middle and finished by `run`.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

import { endHomesAfterEach, makeRunHome, runTools, type RunHome } from './run-home.js';
import { killedAtEachCall } from '../support/killed-at-each-call.js';
import { needs } from '../support/needs.js';
import { scratchFolder } from '../support/scratch-folder.js';
import { onTerminal } from '../support/terminal.js';

const scratch = scratchFolder();
const tools = runTools(scratch);
const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
endHomesAfterEach();

function cvtool(home: RunHome, ...args: readonly string[]) {
  return spawnSync(process.execPath, [cli, ...args], { encoding: 'utf8', env: home.environment });
}

const stateFile = (home: RunHome): string => join(home.home, 'data/priv_validator_state.json');

/** Upgraded to v2 at height 10, with a backup of before; the validator has signed since. */
async function upgraded(): Promise<RunHome> {
  const home = makeRunHome(scratch, tools);
  home.genesis({ steps: ['hang'] });
  home.upgrade('v2');
  writeFileSync(stateFile(home), '{"height":"9","round":0,"step":3}');
  const run = home.start({ UNSAFE_SKIP_BACKUP: 'false' });
  await home.started('genesis');
  home.plan('v2', 10);
  await home.started('v2');
  expect(cvtool(home, 'rollback', '--yes')).toMatchObject({ status: 8, stdout: '' }); // a supervisor is there
  expect(cvtool(home, 'backup', 'make').stderr).toMatch(new RegExp(`another supervisor .* process ${run.pid}`));
  await run.stop('SIGTERM');
  writeFileSync(stateFile(home), '{"height":"12","round":0,"step":3}');
  return home;
}

test('it refuses beside a node, asks, goes back, and the next run does the same upgrade again', async () => {
  const home = await upgraded();
  const unasked = cvtool(home, 'rollback');
  expect(unasked).toMatchObject({ status: 1 });
  expect(unasked.stderr).toMatch(/no terminal[^]*--yes/);
  expect(unasked.stdout).toMatch(/v2 again[^]*--unsafe-skip-upgrades 10/);
  expect(home.current()).toBe('upgrades/v2');
  const done = cvtool(home, 'rollback', '--yes', '--json');
  expect(JSON.parse(done.stdout)).toMatchObject({ ok: true, current: 'genesis', signingState: { signed: '12/0/3' } });
  expect(home.current()).toBe('genesis');
  expect(readFileSync(stateFile(home), 'utf8')).toContain('"12"');
  expect(JSON.parse(cvtool(home, 'backup', 'list', '--json').stdout)).toMatchObject({
    backups: [{ state: 'whole', plan: { name: 'v2', height: 10 } }],
    replaced: [{}],
  });
  home.height(10);
  home.start();
  await home.started('v2', 2);
  expect(home.starts()).toEqual(['genesis', 'v2', 'genesis', 'v2']);
  const pruned = cvtool(home, 'backup', 'prune', '--keep', '1', '--yes', '--json');
  expect((JSON.parse(pruned.stdout) as { removed: string[] }).removed).toEqual([
    expect.stringMatching(/data-replaced-/),
  ]);
  expect(home.backups()).toHaveLength(1);
});

needs({ python3: true })('on a terminal a no changes nothing', async () => {
  const home = await upgraded();
  const { status } = onTerminal([process.execPath, cli, 'rollback'], [{ until: '[y/N]' }, { type: 'n\r' }], {
    environment: home.environment,
    cwd: home.root,
  });
  expect(status).toBe(1);
  expect(home.current()).toBe('upgrades/v2');
});

needs({ strace: true, slow: true })(
  'killed at any call, the next run finishes it before it starts anything',
  async () => {
    const places: RunHome[] = [];
    for (let n = 0; n < 70; n += 1) places.push(await upgraded());
    const wrapper = join(scratch, 'rolls-back.cjs');
    writeFileSync(
      wrapper,
      `process.env.DAEMON_HOME = process.argv[2]; process.env.DAEMON_NAME = 'noded';
       process.argv = [process.argv[0], ${JSON.stringify(cli)}, 'rollback', '--yes']; require(${JSON.stringify(cli)});`,
    );
    const seen = { old: 0, new: 0 };
    const makePlace = () => {
      const place = places.pop();
      if (place === undefined) throw new Error('more calls than places');
      return { place, args: [place.home] };
    };
    for (const { at, place } of killedAtEachCall(wrapper, makePlace, scratch)) {
      place.height(10);
      const run = place.start();
      await place.started('v2', 2); // the upgrade again, or v2 as it was
      await run.stop('SIGTERM');
      const again = place.starts().slice(2);
      seen[again[0] === 'genesis' ? 'old' : 'new'] += 1;
      expect(readFileSync(stateFile(place), 'utf8'), at).toContain('"12"');
      expect(existsSync(join(place.home, 'cosmovisor/.cvtool/rollback.json')), at).toBe(false);
      expect(
        readdirSync(place.home).filter((name) => name.includes('restoring')),
        at,
      ).toEqual([]);
    }
    expect(Math.min(seen.old, seen.new)).toBeGreaterThan(0);
    console.log(`killed: ${JSON.stringify(seen)}`);
  },
  900_000,
);

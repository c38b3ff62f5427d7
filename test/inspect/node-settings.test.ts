import { expect, test } from 'vitest';

import type { StagingTarget } from '../../src/home/paths.js';
import { judgeSettings } from '../../src/inspect/doctor/node-settings.js';
import { parsePlanName } from '../../src/values/plan-name.js';
import { scratchFolder } from '../support/scratch-folder.js';
import { makeHome, panacea } from './make-home.js';

const root = scratchFolder();
const recipe = await panacea();
const genesis: StagingTarget = { kind: 'genesis' };
const upgrade = (name: string): StagingTarget => ({ kind: 'upgrade', plan: parsePlanName(name) });

/** What the `init` of v2.0.1 writes, as far as it matters. */
const oldApp = 'minimum-gas-prices = ""\n[grpc]\nenable = true\n';
const newApp = `minimum-gas-prices = "5umed"
iavl-disable-fastnode = true
app-db-backend = ""
[grpc]
enable = true
[grpc-web]
enable = false
`;
const oldConfig = 'fast_sync = true\ndb_backend = "goleveldb"\n';

interface Case {
  readonly app?: string;
  readonly config?: string;
  readonly current?: StagingTarget;
  readonly coming?: readonly StagingTarget[];
  readonly arguments?: readonly string[];
  readonly environment?: Record<string, string>;
}

function judge({ app = newApp, config = oldConfig, current = genesis, coming = [], ...rest }: Case) {
  const home = makeHome(root, { 'config/app.toml': app, 'config/config.toml': config });
  const rows = judgeSettings({ home, recipe, current, coming, arguments: [], environment: {}, ...rest });
  return rows.map(({ status, text, hint }) => `${status} ${text}\n${(hint ?? '').replace(home.root, 'HOME')}`);
}

test('a home that suits all that comes passes in one line', () => {
  expect(judge({})).toEqual([
    expect.stringMatching(/^pass config\/config.toml and config\/app.toml suit v2.0.1 to v2.3.0/),
  ]);
});

test('the home of v2.0.1: what fails at v2.2.0 is told with its file, line and what to write; it can wait until that is staged', () => {
  const found = judge({ app: oldApp }).find((text) => text.includes('minimum-gas-prices'));
  expect(found).toMatch(/^warn minimum-gas-prices in config\/app.toml is "": from v2.2.0 on. .*exits with 1/);
  expect(found).toContain('In HOME/config/app.toml, line 1:\nminimum-gas-prices = "5umed"');
  for (const more of [
    { coming: [upgrade('v2.2.0')] },
    { coming: [upgrade('v2.3.0')] },
    { current: upgrade('v2.2.0') },
  ]) {
    expect(judge({ app: oldApp, ...more }).find((text) => text.includes('minimum-gas'))).toMatch(/^fail/);
  }
});

test('a flag goes before a variable, and that before the file', () => {
  const current = upgrade('v2.2.0');
  const wrong = (more: Case) =>
    judge({ app: oldApp, current, ...more }).filter((text) => text.includes('minimum-gas-prices '));
  const variable = { environment: { PANACEAD_MINIMUM_GAS_PRICES: '5umed' } };
  expect(wrong({})).toHaveLength(1);
  expect(wrong(variable)).toEqual([]);
  expect(wrong({ arguments: ['start', '--minimum-gas-prices', '5umed'] })).toEqual([]);
  expect(wrong({ ...variable, arguments: ['start', '--minimum-gas-prices='] })).toEqual([
    expect.stringMatching(/^fail minimum-gas-prices is "", by --minimum-gas-prices/),
  ]);
});

test('gRPC-web opens from v2.0.5 on where gRPC is on and nothing is said of it, and no more from v2.2.0 on', () => {
  const mentions = (more: Case) => judge({ app: oldApp, ...more }).filter((text) => text.includes('grpc-web'));
  expect(mentions({})).toEqual([
    expect.stringMatching(/^warn grpc-web.enable is not in .*\n.*\n\[grpc-web\]\nenable = false$/),
  ]);
  expect(mentions({ current: upgrade('v2.2.0') })).toEqual([]);
  expect(mentions({ app: oldApp.replace('true', 'false') })).toEqual([]);
  expect(mentions({ app: 'minimum-gas-prices = "1"' })).toHaveLength(1); // gRPC is on by default
});

test('databases: only what the programs are built with', () => {
  expect(judge({ config: 'db_backend = "rocksdb"\n' })[0]).toMatch(
    /^fail db_backend in config\/config.toml is "rocksdb".*line 1/s,
  );
  expect(judge({ config: 'db_backend = "memdb"\n' })).toEqual([
    expect.stringMatching(/^warn db_backend .*from v2.3.0 on/),
  ]);
  const app = newApp.replace('app-db-backend = ""', 'app-db-backend = "pebbledb"');
  expect(judge({ app, current: upgrade('v2.2.0') })[0]).toMatch(/^fail app-db-backend/);
});

test('fast_sync: the old file works, but `false` is lost; the flag is refused', () => {
  expect(judge({ config: 'fast_sync = false\n' })[0]).toMatch(/^warn fast_sync .*from v2.2.0 on.*block_sync = false/s);
  const flag = (more: Case) =>
    judge({ arguments: ['start', '--fast_sync=true'], ...more }).filter((text) => text.includes('--fast_sync:'));
  expect(flag({})[0]).toMatch(/^warn .*Not before v2.2.0 runs/s);
  expect(flag({ current: upgrade('v2.2.0') })[0]).toMatch(/^fail .*write --block_sync in its place\.$/s);
  expect(judge({ arguments: ['start', '--grpc-web.address', 'x'], current: upgrade('v2.2.0') })[0]).toMatch(
    /^warn .*from v2.3.0 on/,
  );
});

test('files that are missing or torn', () => {
  const home = makeHome(root, { 'config/app.toml': 'minimum-gas-prices = "' });
  const rows = judgeSettings({ home, recipe, current: genesis, coming: [], arguments: [], environment: {} });
  expect(rows.map(({ status, text }) => `${status} ${text.replace(home.root, '')}`)).toEqual([
    'unknown there is no config/config.toml in the home',
    expect.stringMatching(/^fail \/config\/app.toml cannot be read: /),
  ]);
});

test('a current that the table does not have: nothing is claimed', () => {
  expect(judge({ app: oldApp, current: upgrade('v9') })).toEqual([]);
});

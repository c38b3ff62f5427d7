// The built program's `prepare-upgrade` against a real gRPC server: which plan the chain has, and whether its binary is staged. What it fetches
// stands in bring-in.test.ts.
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { compileC } from '../support/compile-c.js';
import { cli, startProcess, treeOf, type Ended } from '../support/sandbox.js';
import { scratchFolder } from '../support/scratch-folder.js';
import { startUpgradeServer, type Answer } from '../support/upgrade-server.js';

const scratch = scratchFolder();
const program = compileC(scratch, 'program', 'int main(void) { return 0; }');

let place: string;
let home: string;
const open: { close: () => void }[] = [];
beforeEach(() => {
  place = mkdtempSync(join(scratch, 'place-'));
  home = join(place, 'home');
  mkdirSync(join(home, 'cosmovisor'), { recursive: true });
});
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

function prepare(variables: NodeJS.ProcessEnv): Promise<Ended> {
  const environment = {
    ...{ PATH: process.env.PATH, HOME: place, TMPDIR: place, TZ: 'UTC' },
    ...{ DAEMON_HOME: home, DAEMON_NAME: 'demod', COSMOVISOR_TIMEFORMAT_LOGS: '', ...variables },
  };
  return startProcess(process.execPath, [cli, 'prepare-upgrade'], environment, place).ended;
}

/** It changes nothing, whatever the answer is. */
async function prepared(answer: Answer, variables: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const server = await startUpgradeServer(answer);
  open.push(server);
  const before = treeOf(home);
  const ended = await prepare({ DAEMON_GRPC_ADDRESS: server.address, ...variables });
  expect(treeOf(home)).toEqual(before);
  expect(server.calls()).toBe(1);
  return { ...ended, stdout: ended.stdout.replaceAll(server.address, 'ADDRESS') };
}

function stage(name: string): void {
  const binary = join(home, 'cosmovisor/upgrades', name, 'bin/demod');
  mkdirSync(dirname(binary), { recursive: true });
  copyFileSync(program, binary);
}

const line = (text: string): string => `<nil> INF ${text} module=cosmovisor\n`;
const asking = `<nil> INF Using gRPC address address=ADDRESS module=cosmovisor\n`;

test('a chain without a plan: said, and no error', async () => {
  expect(await prepared('no plan')).toEqual({
    status: 0,
    stdout: `${asking}${line('No active upgrade plan found')}`,
    stderr: '',
  });
});

test('proxies of the environment are not asked for what is on this host', async () => {
  const proxy = 'http://127.0.0.1:1';
  expect(await prepared('no plan', { http_proxy: proxy, https_proxy: proxy, grpc_proxy: proxy })).toMatchObject({
    status: 0,
  });
});

test('a plan whose binary is staged, under the name that `run` will look for', async () => {
  stage('v2-rho');
  const { status, stdout } = await prepared({ name: 'V2-Rho', height: 500n });
  expect(status).toBe(0);
  const fields = 'height=500 module=cosmovisor name=V2-Rho';
  expect(stdout).toBe(
    `${asking}<nil> INF Preparing for upgrade ${fields}\n<nil> INF Upgrade preparation complete ${fields}\n`,
  );
});

test('the case of a name counts with COSMOVISOR_DISABLE_RECASE=true', async () => {
  stage('v2-rho');
  const { status, stderr } = await prepared({ name: 'V2-Rho', height: 500n }, { COSMOVISOR_DISABLE_RECASE: 'true' });
  expect(status).toBe(1);
  expect(stderr).toContain('upgrades/V2-Rho/bin/demod: no such file or directory');
});

test('a binary that would not start here is told now, and not at the height', async () => {
  stage('v2');
  writeFileSync(join(home, 'cosmovisor/upgrades/v2/bin/demod'), 'no program');
  const { status, stderr } = await prepared({ name: 'v2', height: 500n });
  expect(status).toBe(1);
  expect(stderr).toMatch(/^Error: .*upgrades\/v2\/bin\/demod is not fit to be run: L0: /);
});

test.each([
  [{ name: 'v2', height: 500n }, ['plan info is blank']],
  [{ name: 'v2', height: 500n, info: '{"binaries":{}}' }, ['failed to download and verify binary', 'nor any']],
  [{ name: '..', height: 500n }, ['".."']],
  [{ name: 'a\u001b[31mb', height: 500n }, ['control character']],
  ['bytes', ["the node's gRPC at"]],
] as const)('no binary, or no plan that could have one: %#', async (answer, words) => {
  const { status, stderr } = await prepared(answer);
  expect(status).toBe(1);
  expect(stderr).toMatch(/^Error: /);
  for (const word of words) expect(stderr).toContain(word);
  expect(stderr).not.toMatch(/a bug in cvtool|^\s+at |\u001b/m);
});

test.each([
  ['127.0.0.1:1', 'connection refused'],
  ['localhost', 'DAEMON_GRPC_ADDRESS must be host:port, got "localhost"'],
])('at %s: one error that names the address and the cause', async (address, words) => {
  const { status, stderr } = await prepare({ DAEMON_GRPC_ADDRESS: address });
  expect(status).toBe(1);
  expect(stderr).toMatch(/^Error: /);
  expect(stderr).toContain(words);
  expect(stderr).toContain(address);
  expect(existsSync(join(home, 'cosmovisor/upgrades'))).toBe(false);
});

test('a node that takes the connection and is silent: it ends by itself, with an error', async () => {
  const server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const { status, stderr } = await prepare({ DAEMON_GRPC_ADDRESS: `127.0.0.1:${port}` });
  expect(status).toBe(1);
  expect(stderr).toContain(`127.0.0.1:${port}: no answer within 10 s`);
  server.close();
});

test('it needs no data/, and a cosmovisor/', async () => {
  rmSync(join(home, 'cosmovisor'), { recursive: true });
  const { status, stderr } = await prepare({ DAEMON_GRPC_ADDRESS: '127.0.0.1:1' });
  expect(status).toBe(1);
  expect(stderr).toContain('cannot stat home dir');
});

// A chain of one validator on the Cosmos SDK, with two real binaries: the one that it begins with, and the one that has the
// handler of its only upgrade. Their source is sdk-chain/. Every command gets a scratch HOME: an SDK binary leaves files there.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { goEnvironment } from './go-program.js';
import { startProcess } from './sandbox.js';

/** The file name of its binaries. */
export const daemon = 'simd';

/** What its governance decides. The height is far enough for `transaction` to come in and the vote to end, near enough to wait for. */
export const upgrade = { name: 'v2', height: 24 };

export interface SdkChain {
  /** Folders for `bin/`: without the handler, and with it. */
  readonly before: string;
  readonly after: string;
  /** The validator's home before the first block: to be copied. */
  readonly home: string;
  /** Proposes the upgrade and votes for it; signed, in hex, as RPC takes it. Good for the first blocks. */
  readonly transaction: string;
}

/** Of the module `gov`, under the SDK's own prefix: the SDK derives it from the name, so every simapp has the same. */
const governance = 'cosmos10d07y265gmmuvt4z0w9aw880jnsr700j6zn9kn';
const chainId = 'upgrading-1';

/** Builds, makes the genesis, signs. In a cold module cache and a cold build cache most of two minutes. @param folder a scratch one */
export async function makeSdkChain(folder: string): Promise<SdkChain> {
  const [before, after] = [join(folder, 'before'), join(folder, 'after')];
  await build(before, '');
  await build(after, upgrade.name);
  const user = join(folder, 'user');
  mkdirSync(user);
  const ask = (args: readonly string[]): Promise<string> =>
    run(join(before, daemon), args, { PATH: process.env.PATH, HOME: user }, folder);
  const testnet = ['testnet', 'init-files', '--v', '1', '--chain-id', chainId, '--minimum-gas-prices', '0stake'];
  await ask([...testnet, '--keyring-backend', 'test', '--output-dir', join(folder, 'net')]);
  const home = join(folder, 'net/node0', daemon);
  setFastBlocks(join(home, 'config/config.toml'));
  setFastVote(join(home, 'config/genesis.json'));

  const keyring = ['--keyring-backend', 'test', '--home', home];
  const validator = (await ask(['keys', 'show', 'node0', '--address', ...keyring])).trim();
  const [unsigned, signed] = [join(folder, 'unsigned.json'), join(folder, 'signed.json')];
  writeFileSync(unsigned, JSON.stringify(proposalAndVote(validator)));
  const account = ['--offline', '--account-number', '0', '--sequence', '1']; // the genesis transaction was its number 0
  const signing = ['tx', 'sign', unsigned, '--from', 'node0', '--chain-id', chainId, ...account, ...keyring];
  await ask([...signing, '--output-document', signed]);
  const transaction = Buffer.from(await ask(['tx', 'encode', signed, '--home', home]), 'base64').toString('hex');
  return { before, after, home, transaction };
}

/** The go command runs beside the test's process: vitest takes one that is silent for a minute for dead. */
async function build(folder: string, handler: string): Promise<void> {
  const flags = ['-buildvcs=false', '-ldflags', `-s -w -X main.upgrade=${handler}`];
  const environment = goEnvironment({ toolchain: 'go1.19.2', environment: { GOFLAGS: '-mod=readonly' } });
  const source = fileURLToPath(new URL('sdk-chain', import.meta.url));
  await run('go', ['build', ...flags, '-o', join(folder, daemon), '.'], { ...process.env, ...environment }, source);
}

async function run(command: string, args: readonly string[], environment: NodeJS.ProcessEnv, folder: string) {
  const { status, stdout, stderr } = await startProcess(command, args, environment, folder).ended;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: status ${status}\n${stdout}\n${stderr}`);
  return stdout;
}

function setFastBlocks(file: string): void {
  const text = readFileSync(file, 'utf8');
  const fast = text.replace(/^timeout_commit = .*$/m, 'timeout_commit = "200ms"');
  if (fast === text) throw new Error(`${file} has no timeout_commit`);
  writeFileSync(file, fast);
}

interface Genesis {
  readonly app_state: { readonly gov: { readonly voting_params: { voting_period: string } } };
}

function setFastVote(file: string): void {
  const genesis = JSON.parse(readFileSync(file, 'utf8')) as Genesis;
  genesis.app_state.gov.voting_params.voting_period = '0.5s';
  writeFileSync(file, JSON.stringify(genesis));
}

/** One transaction, so that nothing depends on how soon the vote follows. */
function proposalAndVote(validator: string) {
  const plan = { ...upgrade, height: String(upgrade.height), info: '' };
  const proposal = {
    '@type': '/cosmos.gov.v1.MsgSubmitProposal',
    messages: [{ '@type': '/cosmos.upgrade.v1beta1.MsgSoftwareUpgrade', authority: governance, plan }],
    initial_deposit: [{ denom: 'stake', amount: '10000000' }],
    proposer: validator,
  };
  const vote = { '@type': '/cosmos.gov.v1.MsgVote', proposal_id: '1', voter: validator, option: 'VOTE_OPTION_YES' };
  return {
    body: { messages: [proposal, vote] },
    auth_info: { signer_infos: [], fee: { amount: [], gas_limit: '1000000' } },
    signatures: [],
  };
}

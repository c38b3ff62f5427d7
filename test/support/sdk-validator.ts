// The validator of an SDK chain: a home of its own with both binaries in it, free ports, runs of the built `cvtool run`, and what
// can be seen of its node from outside.
import { cpSync, linkSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';

import { startRun, type SupervisorRun } from '../supervisor/run-home.js';
import { cli, makeSandbox, type Sandbox } from './sandbox.js';
import { daemon, upgrade, type SdkChain } from './sdk-chain.js';
import { waitUntil } from './wait-until.js';

/** Milliseconds for the longest wait of all, that for the height. */
const limit = 90_000;

export interface Daemon {
  readonly pid: number;
  /** `genesis`, or `upgrades/<name>`. */
  readonly place: string;
}

export class SdkValidator {
  readonly home: string;
  readonly sandbox: Sandbox;
  private readonly chain: SdkChain;
  private readonly ports: readonly number[];
  private readonly runs: SupervisorRun[] = [];

  private constructor(chain: SdkChain, sandbox: Sandbox, ports: readonly number[]) {
    this.chain = chain;
    this.sandbox = sandbox;
    this.ports = ports;
    this.home = sandbox.home;
  }

  /** @param folder a scratch one, on the file system of the chain's binaries */
  static async make(folder: string, chain: SdkChain): Promise<SdkValidator> {
    const sandbox = makeSandbox(mkdtempSync(join(folder, 'validator-')), { recipe: 'demo', repository: '' });
    cpSync(chain.home, sandbox.home, { recursive: true });
    for (const [place, built] of [
      ['genesis', chain.before],
      [`upgrades/${upgrade.name}`, chain.after],
    ] as const) {
      const bin = join(sandbox.home, 'cosmovisor', place, 'bin');
      mkdirSync(bin, { recursive: true });
      linkSync(join(built, daemon), join(bin, daemon));
    }
    return new SdkValidator(chain, sandbox, await freePorts(2));
  }

  private get variables(): NodeJS.ProcessEnv {
    return { ...this.sandbox.environment, DAEMON_NAME: daemon };
  }

  /** `cvtool run start`. */
  start(variables: NodeJS.ProcessEnv = {}): SupervisorRun {
    const [rpc = 0, p2p = 0] = this.ports;
    const listening = ['--rpc.laddr', `tcp://127.0.0.1:${rpc}`, '--p2p.laddr', `tcp://127.0.0.1:${p2p}`];
    const silent = ['--api.enable=false', '--grpc.enable=false', '--grpc-web.enable=false', '--rpc.pprof_laddr='];
    const run = startRun(
      [process.execPath, cli, 'run', 'start', '--home', this.home, ...listening, ...silent],
      { ...this.variables, ...variables },
      this.sandbox.root,
    );
    this.runs.push(run);
    return run;
  }

  /** Asks the chain by a short command beside the node. @returns the height at which it has applied the upgrade */
  async appliedAt(): Promise<number> {
    const node = ['--node', `tcp://127.0.0.1:${this.ports[0] ?? 0}`, '--home', this.home];
    const question = ['run', 'query', 'upgrade', 'applied', upgrade.name, ...node];
    const variables = { ...this.variables, COSMOVISOR_DISABLE_LOGS: 'true' };
    const { status, stdout, stderr } = await this.sandbox.run(question, variables);
    if (status !== 0) throw new Error(`${question.join(' ')}: status ${status}\n${stdout}\n${stderr}`);
    return Number((JSON.parse(stdout) as { header: { height: string } }).header.height);
  }

  /** Polls until `condition` holds. @throws where it does not in time, the run has ended, or two daemons run meanwhile */
  async until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = Date.now() + limit;
    while (!(await condition())) {
      const daemons = this.daemons();
      if (daemons.length > 1) throw this.failure(`two daemons at once: ${JSON.stringify(daemons)}`);
      if (hasEnded(this.runs.at(-1))) throw this.failure(`the run has ended before: ${what}`);
      if (Date.now() > deadline) throw this.failure(`not within ${limit} ms: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** With the end of what each run has said. */
  private failure(message: string): Error {
    const said = this.runs.map((run) => `${run.stdout()}\n${run.stderr()}`.slice(-5000));
    return new Error([message, ...said].join('\n---\n'));
  }

  /** The nodes that run from this home; `status`, `pre-upgrade` and queries are none. */
  daemons(): readonly Daemon[] {
    const cosmovisor = join(this.home, 'cosmovisor/');
    return this.processes().flatMap(({ pid, file, words }) =>
      file.startsWith(cosmovisor) && words.includes('start')
        ? [{ pid, place: file.slice(cosmovisor.length).replace(/\/bin\/.*$/, '') }]
        : [],
    );
  }

  /** All that runs from this home's binaries. */
  private processes(): { pid: number; file: string; words: readonly string[] }[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => {
        try {
          const file = readlinkSync(`/proc/${name}/exe`);
          if (!file.startsWith(this.sandbox.root)) return [];
          return [{ pid: Number(name), file, words: readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0') }];
        } catch {
          return []; // it has ended meanwhile, or is the kernel's
        }
      });
  }

  /** @returns undefined while no node answers */
  async height(): Promise<number | undefined> {
    try {
      const { sync_info } = (await this.ask('status')) as { sync_info: { latest_block_height: string } };
      return Number(sync_info.latest_block_height);
    } catch {
      return undefined;
    }
  }

  /** What a block is called: another chain from the same genesis has other names. */
  async blockId(height: number): Promise<string> {
    const { block_id } = (await this.ask(`block?height=${height}`)) as { block_id: { hash: string } };
    return block_id.hash;
  }

  /** Hands the chain's transaction in. @throws what the node has against it */
  async decideUpgrade(): Promise<void> {
    const { code, log } = (await this.ask(`broadcast_tx_sync?tx=0x${this.chain.transaction}`)) as {
      code: number;
      log: string;
    };
    if (code !== 0) throw new Error(`the transaction is refused: ${log}`);
  }

  private async ask(question: string): Promise<unknown> {
    const response = await fetch(`http://127.0.0.1:${this.ports[0] ?? 0}/${question}`);
    const { result, error } = (await response.json()) as { result?: unknown; error?: unknown };
    if (result === undefined) throw new Error(`${question}: ${JSON.stringify(error)}`);
    return result;
  }

  /** Ends all that runs, and removes the home. */
  async remove(): Promise<void> {
    for (const { child } of this.runs) child.kill('SIGKILL');
    await Promise.all(this.runs.map(({ ended }) => ended));
    for (const { pid } of this.processes()) process.kill(pid, 'SIGKILL');
    await waitUntil('nothing runs from the home', () => this.processes().length === 0);
    rmSync(this.sandbox.root, { recursive: true, force: true });
  }
}

function hasEnded(run: SupervisorRun | undefined): boolean {
  return run !== undefined && (run.child.exitCode !== null || run.child.signalCode !== null);
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await new Promise((resolve) => server.once('listening', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

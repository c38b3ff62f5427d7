// From the build host to another home, by the built program: staged, packed, signed, served, installed; by `install`, by
// `prepare-upgrade`, and looked at by `plan-info lint --fetch`.
import { createHash, generateKeyPairSync } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { loopbackServer, type LoopbackServer } from '../support/loopback-server.js';
import { makeTar } from '../support/make-tar.js';
import { runTool } from '../support/run-tool.js';
import { demoSandbox, expectError, jsonOf, treeOf, type Ended, type Sandbox } from '../support/sandbox.js';
import { scratchFolder } from '../support/scratch-folder.js';
import { startUpgradeServer } from '../support/upgrade-server.js';
import { waitUntil } from '../support/wait-until.js';

const scratch = scratchFolder();
let sandbox: Sandbox;
let archive: string;
let sum: string;
let publicKey: string;

beforeAll(async () => {
  sandbox = await demoSandbox(scratch);
  expect((await sandbox.run(['stage-upgrade', 'v2.1.0'])).status).toBe(0);
  const { privateKey } = generateKeyPairSync('ed25519');
  writeFileSync(join(scratch, 'key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const packed = jsonOf(await sandbox.run(['pack', 'v2.1.0', '--out', 'dist', '--sign-key', 'key.pem', '--json']));
  archive = String(packed.path);
  sum = `sha256:${String(packed.sha256)}`;
  publicKey = String(packed.publicKey);
});

let server: LoopbackServer;
let stalls: boolean;
beforeEach(async () => {
  stalls = false;
  server = await loopbackServer((request, response) => {
    const file = join(scratch, 'dist', request.url ?? '');
    if (!existsSync(file)) return void response.writeHead(404).end();
    if (stalls) return void response.writeHead(200, { 'content-length': 10_000 }).write('a');
    response.writeHead(200).end(readFileSync(file));
  });
});
afterEach(() => rmSync(other, { recursive: true, force: true }));

const other = join(scratch, 'other');
const place = join(other, 'cosmovisor/upgrades/v2.1.0');
const name = (): string => archive.split('/').at(-1) ?? '';
const url = (): string => `${server.address}/${name()}`;
function install(...args: readonly string[]): Promise<Ended> {
  return sandbox.run(['install', ...args, '--home', other]);
}
/** Names, modes and bytes of what is in a folder. */
function contentOf(folder: string): readonly string[] {
  return treeOf(folder).map((line) => line.slice(folder.length).replace(/ [\d.]+ (?=\S*$)/, ' '));
}
/** Nothing was begun in the other home. */
const isUntouched = (): boolean => !existsSync(other);

describe('what was packed is installed', () => {
  test.each([
    ['from an address', () => url()],
    ['from a file', () => archive],
  ])('%s: byte for byte what was staged', async (_, from) => {
    const { status, stdout } = await install(from(), '--checksum', sum);
    expect({ status, last: stdout.trimEnd().split('\n').at(-1) }).toEqual({
      status: 0,
      last: 'cvtool verify v2.1.0 looks at it again.',
    });
    expect(contentOf(place)).toEqual(contentOf(join(sandbox.home, 'cosmovisor/upgrades/v2.1.0')));
    expect(runTool('sha256sum', ['--strict', '-c', 'SHA256SUMS'], { cwd: place }).match(/: OK$/gm)).toHaveLength(5);
    expect(runTool(join(place, 'bin/demod'), ['version'])).toBe('2.1.0\n');
    expect(readdirSync(join(other, 'cosmovisor'))).toEqual(['upgrades']);
  });

  test('a second time there is nothing to do', async () => {
    expect((await install(archive, '--checksum', sum)).status).toBe(0);
    const before = contentOf(other);
    const again = jsonOf(await install(`${url()}?checksum=${sum}`, '--json'));
    expect(again).toMatchObject({ ok: true, unchanged: true, target: 'upgrades/v2.1.0', vouchedBy: 'sha256' });
    expect(contentOf(other)).toEqual(before);
  });

  test('packed again from where it was installed, it is the same archive', async () => {
    await install(archive, '--checksum', sum);
    const packed = jsonOf(await sandbox.run(['pack', 'v2.1.0', '--out', 'again', '--home', other, '--json']));
    expect(`sha256:${String(packed.sha256)}`).toBe(sum);
  });

  test('as what the operator says', async () => {
    const { status, stderr } = await install(archive, '--checksum', sum, '--as', 'V9');
    expect(status).toBe(0);
    expect(readdirSync(join(other, 'cosmovisor/upgrades'))).toEqual(['v9']);
    expect(stderr).toContain('the manifest says that it was staged for v2.1.0');
    expect((await install(archive, '--checksum', sum, '--as', 'genesis')).status).toBe(0);
    expect(existsSync(join(other, 'cosmovisor/genesis/bin/demod'))).toBe(true);
  });

  test("other bytes give way to --force alone; the supervisor's own stays", async () => {
    mkdirSync(join(place, 'bin'), { recursive: true });
    copyFileSync('/bin/true', join(place, 'bin/demod'));
    writeFileSync(join(place, 'upgrade-info.json'), '{}');
    const before = contentOf(other);
    expectError(await install(archive, '--checksum', sum, '--json'), 'TARGET_DIFFERS', [place]);
    expect(contentOf(other)).toEqual(before);
    expect((await install(archive, '--checksum', sum, '--force')).status).toBe(0);
    expect(runTool(join(place, 'bin/demod'), ['version'])).toBe('2.1.0\n');
    expect(readFileSync(join(place, 'upgrade-info.json'), 'utf8')).toBe('{}');
  });
});

describe('what vouches for it', () => {
  test('nothing: it is not even fetched', async () => {
    expectError(await install(url(), '--json'), 'CHECKSUM_MISSING', [url()]);
    expect(server.asked).toEqual([]);
    expect(isUntouched()).toBe(true);
  });

  test('--no-checksum: it is taken, and not started', async () => {
    const { status, stdout } = await install(url(), '--no-checksum', '--json');
    expect(status).toBe(0);
    expect(jsonOf({ status, stdout, stderr: '' })).toMatchObject({ vouchedBy: null });
  });

  test('a signature', async () => {
    const { status, stdout } = await install(url(), '--public-key', publicKey);
    expect(status).toBe(0);
    expect(stdout).toContain('vouched for by a signature of minisign');
    expect(server.asked.map(({ url: path }) => path)).toEqual([`/${name()}`, `/${name()}.minisig`]);
  });

  test('a signature by another key', async () => {
    const { publicKey: stranger } = generateKeyPairSync('ed25519');
    const raw = stranger.export({ type: 'spki', format: 'der' }).subarray(-32);
    const key = Buffer.concat([Buffer.from('Ed'), Buffer.alloc(8, 7), raw]).toString('base64');
    expectError(await install(url(), '--public-key', key, '--json'), 'SIGNATURE_INVALID', ['another key']);
    expect(isUntouched()).toBe(true);
  });

  test('a key, and no signature', async () => {
    copyFileSync(archive, join(scratch, 'dist/unsigned.tar.gz'));
    const ended = await install(`${server.address}/unsigned.tar.gz`, '--public-key', publicKey, '--json');
    expectError(ended, 'CHECKSUM_MISSING', ['nothing vouches for', 'unsigned.tar.gz.minisig', '404']);
    expect(isUntouched()).toBe(true);
  });

  test('--require-signature: a checksum alone is not enough', async () => {
    copyFileSync(archive, join(scratch, 'dist/unsigned.tar.gz'));
    const args = ['--checksum', sum, '--public-key', publicKey, '--require-signature'];
    const unsigned = await install(`${server.address}/unsigned.tar.gz`, ...args, '--json');
    expectError(unsigned, 'SIGNATURE_INVALID', ['there is no signature']);
    const without = await install(url(), '--checksum', sum, '--require-signature', '--json');
    expectError(without, 'SIGNATURE_INVALID', ['there is no signature']);
    expect(isUntouched()).toBe(true);
    expect((await install(url(), ...args)).status).toBe(0);
  });

  test('a signature of another file', async () => {
    copyFileSync(join(sandbox.home, 'cosmovisor/upgrades/v2.1.0/bin/demod'), join(scratch, 'dist/demod'));
    copyFileSync(`${archive}.minisig`, join(scratch, 'dist/demod.minisig'));
    const args = ['--as', 'v2.1.0', '--public-key', publicKey, '--json'];
    expectError(await install(`${server.address}/demod`, ...args), 'SIGNATURE_INVALID', ['it is of another file']);
    expect(isUntouched()).toBe(true);
  });

  test('a wrong checksum', async () => {
    const wrong = `sha256:${'0'.repeat(64)}`;
    expectError(await install(url(), '--checksum', wrong, '--json'), 'CHECKSUM_MISMATCH', [url()]);
    expect(isUntouched()).toBe(true);
  });
});

describe('what is refused', () => {
  test.each([
    [['/no/such/file', '--no-checksum'], 'USAGE', '/no/such/file'],
    [['ftp://host.example/a', '--no-checksum'], 'ADDRESS_INVALID', 'ftp://host.example/a'],
    [['https://host.example/a', '--checksum', 'sha256:00'], 'CHECKSUM_INVALID', 'sha256:00'],
    [['https://host.example/a', '--no-checksum', '--timeout', 'soon'], 'USAGE', '--timeout'],
    [['https://host.example/a', '--no-checksum', '--as', '..'], 'NAME_INVALID', '".."'],
    [['https://host.example/a', '--public-key', 'nonsense'], 'CONFIG_INVALID', 'nonsense'],
  ] as const)('%j', async (args, code, words) => {
    expectError(await install(...args, '--json'), code, [words]);
    expect(isUntouched()).toBe(true);
  });

  test('a binary that does not say what it is for', async () => {
    copyFileSync('/bin/true', join(scratch, 'dist/true'));
    expectError(await install(`${server.address}/true`, '--no-checksum', '--json'), 'USAGE', [
      'does not say what it is for',
    ]);
    expect(isUntouched()).toBe(true);
  });

  test('an archive whose files are not those of its manifest', async () => {
    const manifest = readFileSync(join(sandbox.home, 'cosmovisor/upgrades/v2.1.0/manifest.json'), 'utf8');
    const evil = makeTar([
      { name: 'bin/demod', content: readFileSync('/bin/true'), mode: 0o755 },
      { name: 'manifest.json', content: manifest },
    ]);
    writeFileSync(join(scratch, 'dist/evil.tar'), evil);
    const checksum = `sha256:${createHash('sha256').update(evil).digest('hex')}`;
    expectError(await install(`${server.address}/evil.tar`, '--checksum', checksum, '--json'), 'VERIFY_FAILED', ['L0']);
    expect(isUntouched()).toBe(true);
  });

  test('Ctrl-C in the middle leaves nothing', async () => {
    stalls = true;
    const run = sandbox.start(['install', url(), '--checksum', sum, '--home', other]);
    await waitUntil('it is being fetched', () => server.asked.length === 1);
    run.child.kill('SIGINT');
    const { status, stderr } = await run.ended;
    expect(status).toBe(130);
    expect(stderr).toContain('nothing was installed');
    expect(isUntouched()).toBe(true);
  });
});

describe('prepare-upgrade', () => {
  const prepare = async (info: string, variables: NodeJS.ProcessEnv = {}): Promise<Ended> => {
    mkdirSync(join(other, 'cosmovisor'), { recursive: true });
    const node = await startUpgradeServer({ name: 'V2.1.0', height: 500n, info });
    try {
      const environment = { DAEMON_HOME: other, DAEMON_NAME: 'demod', DAEMON_GRPC_ADDRESS: node.address, ...variables };
      return await sandbox.run(['prepare-upgrade'], environment);
    } finally {
      node.close();
    }
  };
  const infoFor = (address: string): string => JSON.stringify({ binaries: { 'linux/amd64': address } });

  test('fetches the binary of the plan, under the name that `run` will look for', async () => {
    const { status, stdout } = await prepare(infoFor(`${url()}?checksum=${sum}`));
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: expect.stringContaining('Downloading upgrade binary') as string,
    });
    expect(stdout).toContain('Upgrade preparation complete');
    expect(contentOf(place)).toEqual(contentOf(join(sandbox.home, 'cosmovisor/upgrades/v2.1.0')));
  });

  test('says what kept it from that, and leaves nothing', async () => {
    const missing = await prepare(infoFor(`${server.address}/nothing`));
    expect(missing.status).toBe(1);
    expect(missing.stderr).toContain('failed to download and verify binary: ');
    expect(missing.stderr).toContain('bad response code: 404');
    const bare = await prepare(infoFor(url()), { DAEMON_DOWNLOAD_MUST_HAVE_CHECKSUM: 'true' });
    expect(bare.status).toBe(1);
    expect(bare.stderr).toContain('missing checksum query parameter');
    expect(readdirSync(join(other, 'cosmovisor'))).toEqual([]);
  });
});

test('a node fetches it at its height, and finds its library, on a host that never saw the build', async () => {
  const genesis = join(other, 'cosmovisor/genesis/bin/demod');
  mkdirSync(dirname(genesis), { recursive: true });
  mkdirSync(join(other, 'data'));
  const info = JSON.stringify({ binaries: { 'linux/amd64': `${url()}?checksum=${sum}` } });
  writeFileSync(join(other, 'plan'), JSON.stringify({ name: 'v2.1.0', height: 1, info }));
  writeFileSync(
    genesis,
    '#!/bin/sh\ncd "$DAEMON_HOME" && cp plan data/new && mv data/new data/upgrade-info.json\nexit 1\n',
  );
  chmodSync(genesis, 0o755);
  const builders = ['home', 'cache', 'repository'].map(
    (part) => [join(scratch, part), join(scratch, `hidden-${part}`)] as const,
  );
  for (const [there, hidden] of builders) renameSync(there, hidden);
  try {
    const node = { DAEMON_HOME: other, DAEMON_NAME: 'demod', DEMOD_HOME: other, UNSAFE_SKIP_BACKUP: 'true' };
    const run = sandbox.start(['run', 'start'], { ...node, DAEMON_ALLOW_DOWNLOAD_BINARIES: 'true' });
    const library = join(place, 'lib/libwasmvm.so');
    await waitUntil(`the new binary has its library: ${run.said()}`, () => isMapped(library, join(place, 'bin/demod')));
    run.child.kill('SIGTERM');
    expect((await run.ended).status).toBe(0);
    expect(readlinkSync(join(other, 'cosmovisor/current'))).toBe('upgrades/v2.1.0');
  } finally {
    for (const [there, hidden] of builders) renameSync(hidden, there);
  }
});

/** Does a process that runs `program` have `library` open as its code? */
function isMapped(library: string, program: string): boolean {
  return readdirSync('/proc').some((pid) => {
    try {
      if (!/^\d+$/.test(pid) || readlinkSync(`/proc/${pid}/exe`) !== program) return false;
      return readFileSync(`/proc/${pid}/maps`, 'utf8').includes(library);
    } catch {
      return false; // it has ended, or is another user's
    }
  });
}

describe('plan-info lint --fetch', () => {
  const lint = async (info: string): Promise<{ status: number; rows: unknown }> => {
    const ended = await sandbox.run(['plan-info', 'lint', info, '--fetch', '--json']);
    return { status: ended.status, rows: jsonOf(ended).rows };
  };
  const row = (status: string, words: string): unknown =>
    expect.objectContaining({ status, text: expect.stringContaining(words) as string });

  test('proves what is right, executes nothing and keeps nothing', async () => {
    const info = JSON.stringify({ binaries: { 'linux/amd64': `${url()}?checksum=${sum}` } });
    const { status, rows } = await lint(info);
    expect({ status, rows }).toEqual({
      status: 0,
      rows: expect.arrayContaining([
        row('pass', 'linux/amd64: fetched with the checksum that is named; bin/demod is in it'),
      ]) as unknown,
    });
    expect(sandbox.leftovers()).toEqual([]);
  });

  test('by the address of a document', async () => {
    writeFileSync(join(scratch, 'dist/info'), JSON.stringify({ binaries: { any: `${url()}?checksum=${sum}` } }));
    const { rows } = await lint(`${server.address}/info`);
    expect(rows).toEqual(expect.arrayContaining([row('pass', 'any: fetched')]));
  });

  test('and tells each entry that is wrong', async () => {
    writeFileSync(join(scratch, 'dist/page.tar.gz'), '<html>');
    const { status, rows } = await lint(
      JSON.stringify({
        binaries: {
          'linux/amd64': `${server.address}/nothing?checksum=${sum}`,
          'linux/arm64': `${server.address}/page.tar.gz`,
          any: `${url()}?checksum=sha256:${'0'.repeat(64)}`,
        },
      }),
    );
    expect(status).toBe(7);
    const wrong = [
      row('fail', 'linux/amd64: error downloading'),
      row('fail', 'linux/arm64: the archive is refused'),
      row('fail', 'any: checksums did not match'),
    ];
    expect(rows).toEqual(expect.arrayContaining(wrong));
  });
});

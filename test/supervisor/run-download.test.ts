// `run` with DAEMON_ALLOW_DOWNLOAD_BINARIES: what servers and archives give becomes the new binary byte for byte, or nothing is left of it
// and the next run fetches it again (spec, Downloads).
import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { compileC } from '../support/compile-c.js';
import { loopbackServer, type Answer, type LoopbackServer } from '../support/loopback-server.js';
import { makeTar, type TarEntry } from '../support/make-tar.js';
import { makeZip } from '../support/make-zip.js';
import { needs } from '../support/needs.js';
import { runTool } from '../support/run-tool.js';
import { scratchFolder } from '../support/scratch-folder.js';
import { endHomesAfterEach, makeRunHome, runTools, type RunHome, type RunTools } from './run-home.js';

const scratch = scratchFolder();
let tools: RunTools;
beforeAll(() => {
  tools = runTools(scratch);
});
endHomesAfterEach();

/** It writes down that it was started, and ends well. */
const script = '#!/bin/sh\n[ "$1" = start ] || exit 1\necho "v2 $$ start" >> "$TEST_TRACE/trace"\n';
const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');
const md5 = (bytes: Buffer | string): string => createHash('md5').update(bytes).digest('hex');

let home: RunHome;
let server: LoopbackServer;
/** By the path that is asked for. */
let served: Record<string, Buffer | string | Answer>;
beforeEach(async () => {
  home = makeRunHome(scratch, tools);
  home.genesis({ steps: ['hang'] });
  served = {};
  server = await loopbackServer((request, response) => {
    const what = served[(request.url ?? '').replace(/\?.*$/, '')];
    if (typeof what === 'function') what(request, response);
    else response.writeHead(what === undefined ? 404 : 200).end(what);
  });
});

const upgrades = (): string => join(home.home, 'cosmovisor/upgrades');
const urlOf = (path: string, query = ''): string => `${server.address}${path}${query}`;
const infoOf = (url: string, key = 'any'): string => JSON.stringify({ binaries: { [key]: url } });

interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A run that comes to the plan at once. */
async function upgraded(info: string, variables: NodeJS.ProcessEnv = {}, name = 'v2'): Promise<Outcome> {
  const run = home.start({ DAEMON_ALLOW_DOWNLOAD_BINARIES: 'true', ...variables });
  await home.started('genesis');
  home.plan(name, 10, info);
  const status = await run.ended;
  return { status, stdout: run.stdout(), stderr: run.stderr() };
}

/** Nothing of a download, nor of a staging. */
function leftovers(): string[] {
  const { home: root } = home;
  const inState = readdirSync(join(root, 'cosmovisor/.cvtool')).filter((name) => name.startsWith('download-'));
  const staging = existsSync(join(root, 'cosmovisor/.cvtool-staging')) ? ['.cvtool-staging'] : [];
  const outside = readdirSync(root).filter((name) => !['cosmovisor', 'data'].includes(name));
  return [...inState, ...staging, ...outside, ...readdirSync(home.root).filter((name) => name === 'escaped')];
}

function newBinary(name = 'v2'): string {
  return join(upgrades(), name, 'bin/noded');
}

const binaryEntry: TarEntry = { name: 'bin/noded', content: script, mode: 0o755 };
const rest: readonly TarEntry[] = [
  { name: 'README.md', content: 'read me' },
  { name: 'lib/libx.so', content: 'a library', mode: 0o755 },
];
const withRest = makeTar([...rest, binaryEntry]);

describe('what is served becomes the new binary', () => {
  const cases: readonly (readonly [what: string, path: string, body: Buffer | string, rest: readonly string[]])[] = [
    ['a plain file', '/noded', script, []],
    ['a plain file whose name says another thing', '/noded.tar?archive=false', script, []],
    ['one file, compressed', '/noded.gz', gzipSync(script), []],
    ['tar with bin/', '/a.tar', withRest, ['README.md', 'lib/libx.so']],
    ['tar.gz with bin/', '/a.tar.gz', gzipSync(withRest), ['README.md', 'lib/libx.so']],
    ['an address without an ending', '/a?archive=tgz', gzipSync(withRest), ['README.md', 'lib/libx.so']],
    [
      'tar with folders and ./',
      '/a.tar',
      makeTar([
        { name: './', type: '5' },
        { name: './bin/', type: '5' },
        { ...binaryEntry, name: './bin/noded' },
      ]),
      [],
    ],
    [
      'the binary at the top, behind another file',
      '/a.tgz',
      gzipSync(makeTar([...rest, { ...binaryEntry, name: 'noded' }])),
      ['README.md', 'lib/libx.so'],
    ],
    ['the only file, whatever its name is', '/a.tar', makeTar([{ ...binaryEntry, name: 'out/panacea-linux' }]), []],
    ['a binary without an x bit', '/a.tar', makeTar([{ ...binaryEntry, mode: 0o600 }]), []],
    [
      'zip',
      '/a.zip',
      makeZip([
        { name: 'bin/noded', content: script, mode: 0o100755, method: 8 },
        { name: 'README.md', content: 'read me' },
      ]),
      ['README.md'],
    ],
    [
      'a folder of the archive',
      '/a.tar//out',
      makeTar([
        { ...binaryEntry, name: 'out/bin/noded' },
        { name: 'bin/noded', content: 'no' },
      ]),
      [],
    ],
  ];
  test.each(cases)('%s', async (_, path, body, others) => {
    served[path.replace(/\?.*|\/\/.*/g, '')] = body;
    const checksum = `${path.includes('?') ? '&' : '?'}checksum=sha256:${sha256(body)}`;
    const { status, stdout } = await upgraded(infoOf(urlOf(path, checksum)));
    expect({ status, starts: home.starts() }).toEqual({ status: 0, starts: ['genesis', 'v2'] });
    expect(readFileSync(newBinary(), 'utf8')).toBe(script);
    expect(lstatSync(newBinary()).isFile()).toBe(true);
    expect(statSync(newBinary()).mode & 0o7777).toBe(0o755);
    for (const other of others) expect(existsSync(join(upgrades(), 'v2', other))).toBe(true);
    expect(home.current()).toBe('upgrades/v2');
    expect(leftovers()).toEqual([]);
    expect(stdout).toContain('no upgrade binary found, beginning to download it');
    expect(stdout).toContain('downloading binary complete');
  });

  test('the platform goes before any, and a document may name them', async () => {
    served['/noded'] = script;
    served['/info'] = JSON.stringify({
      binaries: { 'linux/amd64': urlOf('/noded'), 'linux/arm64': urlOf('/noded'), any: urlOf('/nothing') },
    });
    const document = urlOf('/info', `?checksum=sha256:${sha256(served['/info'])}`);
    expect((await upgraded(document)).status).toBe(0);
    expect(server.asked.map(({ url }) => url)).toEqual(['/info', '/noded']);
  });

  test('a file of this host becomes a file, not a link', async () => {
    const here = join(home.root, 'here');
    writeFileSync(here, script);
    expect((await upgraded(infoOf(here))).status).toBe(0);
    expect(lstatSync(newBinary()).isFile()).toBe(true);
  });

  test('the rest of the query is sent, and a redirect is followed', async () => {
    served['/old'] = (_, response) => void response.writeHead(302, { location: '/noded?signed=yes' }).end();
    served['/noded'] = script;
    const query = `?token=a%2Fb&checksum=sha256:${sha256(script)}&x`;
    expect((await upgraded(infoOf(urlOf('/old', query)))).status).toBe(0);
    expect(server.asked.map(({ url }) => url)).toEqual(['/old?token=a%2Fb&x', '/noded?signed=yes']);
  });

  test('md5 is taken, with a warning', async () => {
    served['/noded'] = script;
    const { status, stdout } = await upgraded(infoOf(urlOf('/noded', `?checksum=md5:${md5(script)}`)));
    expect(status).toBe(0);
    expect(stdout).toMatch(/WRN .*md5 is no protection/);
  });

  test("what somebody's NODE_OPTIONS make the download print is no news, and no harm", async () => {
    served['/noded'] = script;
    const noise = join(home.root, 'noise.cjs');
    const words = ['null', '5', '"text"', '[]', '{', 'words'];
    writeFileSync(noise, `if (process.argv.includes('download')) console.log(${JSON.stringify(words.join('\n'))});`);
    expect((await upgraded(infoOf(urlOf('/noded')), { NODE_OPTIONS: `--require ${noise}` })).status).toBe(0);
    expect(readFileSync(newBinary(), 'utf8')).toBe(script);
  });

  test('a list of checksums', async () => {
    served['/noded'] = script;
    served['/sums'] = `${'0'.repeat(64)}  other\n${sha256(script)}  noded\n`;
    expect((await upgraded(infoOf(urlOf('/noded', `?checksum=file:${urlOf('/sums')}`)))).status).toBe(0);
  });

  test('a password of the address is in no line of ours', async () => {
    served['/noded'] = script;
    const { status, stdout, stderr } = await upgraded(infoOf(urlOf('/noded').replace('//', '//me:secret@')));
    expect(status).toBe(0);
    expect(stdout + stderr).not.toContain('secret');
  });

  test('a name that would lead elsewhere', async () => {
    served['/noded'] = script;
    const name = '../../../escaped';
    expect((await upgraded(infoOf(urlOf('/noded')), {}, name)).status).toBe(0);
    expect(readdirSync(upgrades())).toEqual(['..%2F..%2F..%2Fescaped']);
    expect(leftovers()).toEqual([]);
  });
});

describe('a binary that needs a library', () => {
  let program: Buffer;
  let library: Buffer;
  beforeAll(() => {
    const folder = mkdtempSync(join(scratch, 'linked-'));
    library = readFileSync(compileC(folder, 'libx.so', 'int x(void) { return 0; }', ['-shared', '-fPIC']));
    const source = String.raw`#include <stdio.h>
      #include <stdlib.h>
      #include <string.h>
      #include <unistd.h>
      int x(void);
      int main(int argc, char **argv) {
        char path[5000];
        if (argc < 2 || strcmp(argv[1], "start") != 0) return 1;
        snprintf(path, sizeof path, "%s/trace", getenv("TEST_TRACE"));
        FILE *trace = fopen(path, "a");
        fprintf(trace, "v2 %d start\n", getpid());
        return fclose(trace) + x();
      }`;
    program = readFileSync(compileC(folder, 'noded', source, ['-L', folder, '-lx']));
  });
  const archive = (...more: readonly TarEntry[]): Buffer =>
    makeTar([{ name: 'bin/noded', content: program, mode: 0o755 }, ...more]);

  test('starts by the one that came with it, also where only the supervisor leads it there', async () => {
    served['/a.tar'] = archive({ name: 'lib/libx.so', content: library });
    const { status, stdout } = await upgraded(infoOf(urlOf('/a.tar')));
    expect({ status, starts: home.starts() }).toEqual({ status: 0, starts: ['genesis', 'v2'] });
    expect(stdout).toMatch(/WRN .*libx\.so/);
  });

  test("starts by the operator's LD_LIBRARY_PATH", async () => {
    served['/a.tar'] = archive();
    const libraries = join(home.root, 'libraries');
    mkdirSync(libraries);
    writeFileSync(join(libraries, 'libx.so'), library);
    expect((await upgraded(infoOf(urlOf('/a.tar')), { LD_LIBRARY_PATH: libraries })).status).toBe(0);
  });

  test('never becomes current without it', async () => {
    served['/a.tar'] = archive();
    const { status, stderr } = await upgraded(infoOf(urlOf('/a.tar')));
    expect(status).toBe(1);
    expect(stderr).toContain('libx.so');
    expect(stderr).not.toContain('.cvtool/download-');
    expect(existsSync(upgrades())).toBe(false);
    expect(leftovers()).toEqual([]);
    expect(home.current()).toBe('genesis');
  });
});

describe('nothing is left, and the next run fetches it again', () => {
  const page = '<html>sign in</html>';
  const evil = (...entries: readonly TarEntry[]): Buffer => makeTar([binaryEntry, ...entries]);
  const cases: readonly (readonly [
    what: string,
    path: string,
    body: Buffer | string | Answer | undefined,
    why: string,
  ])[] = [
    ['404', '/noded', undefined, 'bad response code: 404'],
    ['403', '/noded', (_, response) => void response.writeHead(403).end(), 'bad response code: 403'],
    ['a page in the place of the binary', '/noded', page, 'it is neither an ELF program nor a script'],
    [
      'a program that lacks its interpreter',
      '/noded',
      '#!/no/such/shell\n',
      'its interpreter /no/such/shell cannot be executed',
    ],
    ['half of an ELF file', '/noded', Buffer.from('\x7fELF\x02\x01\x01'), 'cannot run here'],
    ['an empty file', '/noded', '', 'it is neither an ELF program nor a script'],
    ['an archive whose address does not say so', '/noded', gzipSync(withRest), 'is a gzip archive, and its address'],
    ['a page in the place of the archive', '/a.tar.gz', page, 'gzip data are damaged'],
    ['an archive that is cut off', '/a.tar.gz', gzipSync(withRest).subarray(0, 100), 'gzip data are damaged'],
    [
      'an archive without the binary',
      '/a.tar',
      makeTar(rest),
      'the archive does not contain a bin/noded or noded file',
    ],
    ['an entry that leads out', '/a.tar', evil({ name: '../../../../../escaped', content: 'x' }), 'leads out of it'],
    ['a link that leads out', '/a.tar', evil({ name: 'x', type: '2', linkTarget: '../../..' }), 'leads out of it'],
    [
      'a binary that is a link',
      '/a.tar',
      makeTar([...rest, { name: 'bin/noded', type: '2', linkTarget: '../README.md' }]),
      'bin/noded is a link',
    ],
  ];
  test.each(cases)('%s', async (_, path, body, why) => {
    if (body !== undefined) served[path] = body;
    const info = infoOf(urlOf(path));
    const { status, stderr } = await upgraded(info);
    expect(status).toBe(1);
    const [line = '', ...more] = stderr.split('\n');
    expect(line).toMatch(/^Error: upgrade v2 at height 10: cannot download binary\. /);
    expect(stderr).toContain(why);
    expect(stderr.match(/Error:/g)?.length).toBe(1);
    expect(more.join('\n')).toContain('start again');
    expect(existsSync(upgrades())).toBe(false);
    expect(leftovers()).toEqual([]);
    expect(home.current()).toBe('genesis');

    served[path] = path.endsWith('.gz') ? gzipSync(withRest) : path.endsWith('.tar') ? withRest : script;
    const again = home.start({ DAEMON_ALLOW_DOWNLOAD_BINARIES: 'true' });
    expect(await again.ended).toBe(0);
    expect(home.starts()).toEqual(['genesis', 'v2']);
    expect(readFileSync(newBinary(), 'utf8')).toBe(script);
  });

  test('a wrong checksum: both are told', async () => {
    served['/noded'] = script;
    const { status, stderr } = await upgraded(infoOf(urlOf('/noded', `?checksum=sha256:${'0'.repeat(64)}`)));
    expect(status).toBe(1);
    expect(stderr).toContain(`checksums did not match for ${urlOf('/noded')}`);
    expect(stderr).toContain(`expected: sha256:${'0'.repeat(64)}`);
    expect(stderr).toContain(`got:      sha256:${sha256(script)}`);
    expect(existsSync(upgrades())).toBe(false);
    expect(leftovers()).toEqual([]);
  });

  test('nobody listens', async () => {
    const { status, stderr } = await upgraded(infoOf('http://127.0.0.1:1/noded'));
    expect(status).toBe(1);
    expect(stderr).toContain("error downloading 'http://127.0.0.1:1/noded': connection refused");
    expect(existsSync(upgrades())).toBe(false);
  });

  test.each([
    ['', 'plan info must not be blank'],
    ['just text', 'could not parse plan info'],
    [infoOf('https://host.example/a', 'plan9/mips'), 'cannot find binary for os/arch: neither linux/amd64, nor any'],
    [infoOf('git::https://host.example/a'), 'asks for "git", which is not used here'],
    [infoOf('https://host.example/a?checksum=crc32:00'), 'unsupported checksum type: "crc32"'],
  ])('info %j', async (info, why) => {
    const { status, stderr } = await upgraded(info);
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining(why) as string });
    expect(existsSync(upgrades())).toBe(false);
    expect(leftovers()).toEqual([]);
  });

  test('what the supervisor is told, it does not fetch in vain: a binary that is there', async () => {
    home.upgrade('v2', { steps: ['exit 0'] });
    expect((await upgraded(infoOf(urlOf('/noded')))).status).toBe(0);
    expect(server.asked).toEqual([]);
  });
});

describe('what stands in the way', () => {
  test('a folder without a binary is the work of somebody', async () => {
    served['/noded'] = script;
    mkdirSync(join(upgrades(), 'v2'), { recursive: true });
    writeFileSync(join(upgrades(), 'v2/notes'), 'mine');
    const { status, stderr } = await upgraded(infoOf(urlOf('/noded')));
    expect(status).toBe(1);
    expect(stderr).toContain(`${join(upgrades(), 'v2')} already exists`);
    expect(readdirSync(join(upgrades(), 'v2'))).toEqual(['notes']);
    expect(server.asked).toEqual([]);
  });

  test('a binary that somebody stages in the middle: that one is taken by the next run', async () => {
    served['/noded'] = (_, response) => {
      home.upgrade('v2', { steps: ['exit 0'] });
      response.end(script);
    };
    const { status, stderr } = await upgraded(infoOf(urlOf('/noded')));
    expect(status).toBe(1);
    expect(stderr).toContain(`${join(upgrades(), 'v2')} holds something else already`);
    expect(stderr).toContain('Start again, and that one is taken.');
    expect(leftovers()).toEqual([]);
    expect(await home.start({ DAEMON_ALLOW_DOWNLOAD_BINARIES: 'true' }).ended).toBe(0);
    expect(home.starts()).toEqual(['genesis', 'v2']);
  });

  test.each([
    ['the binary has none', () => infoOf(urlOf('/noded'))],
    ['the document has none', () => urlOf('/info')],
    ['the document has one, the binary none', () => urlOf('/info', `?checksum=${sha256(served['/info'] as string)}`)],
  ])('DAEMON_DOWNLOAD_MUST_HAVE_CHECKSUM: %s', async (_, info) => {
    served['/noded'] = script;
    served['/info'] = infoOf(urlOf('/noded'));
    const { status, stderr } = await upgraded(info(), { DAEMON_DOWNLOAD_MUST_HAVE_CHECKSUM: 'true' });
    expect(status).toBe(1);
    expect(stderr).toContain('missing checksum query parameter in ');
    expect(server.asked.map(({ url }) => url)).not.toContain('/noded');
    expect(existsSync(upgrades())).toBe(false);
  });

  test('without DAEMON_ALLOW_DOWNLOAD_BINARIES nobody is asked', async () => {
    served['/noded'] = script;
    const { status, stderr } = await upgraded(infoOf(urlOf('/noded')), { DAEMON_ALLOW_DOWNLOAD_BINARIES: 'false' });
    expect(status).toBe(1);
    expect(stderr).toContain('downloading disabled');
    expect(server.asked).toEqual([]);
  });
});

describe('disks', () => {
  /** A disk of its own at `folder`, for as long as `work` takes. */
  async function onDisk(folder: string, size: string, work: () => Promise<void>): Promise<void> {
    mkdirSync(folder, { recursive: true });
    runTool('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'none', folder], { cwd: scratch });
    try {
      await work();
    } finally {
      await home.cut();
      runTool('umount', [folder], { cwd: scratch });
    }
  }

  needs({ root: true })('a full one: said, nothing is left, and with room the next run goes on', async () => {
    await onDisk(join(home.home, 'cosmovisor'), '1m', async () => {
      home.genesis({ steps: ['hang'] });
      served['/noded'] = Buffer.concat([Buffer.from(script), Buffer.alloc(2_000_000, '\n')]);
      const { status, stderr } = await upgraded(infoOf(urlOf('/noded')));
      expect(status).toBe(1);
      expect(stderr).toContain('no space left on device');
      expect(existsSync(upgrades())).toBe(false);
      expect(leftovers()).toEqual([]);
      served['/noded'] = script;
      expect(await home.start({ DAEMON_ALLOW_DOWNLOAD_BINARIES: 'true' }).ended).toBe(0);
      expect(home.starts()).toEqual(['genesis', 'v2']);
    });
  });

  needs({ root: true })('upgrades/ on another one', async () => {
    await onDisk(upgrades(), '1m', async () => {
      served['/a.tar'] = withRest;
      const { status } = await upgraded(infoOf(urlOf('/a.tar')));
      expect(status).toBe(0);
      expect(readdirSync(upgrades())).toEqual(['v2']);
      expect(statSync(newBinary()).mode & 0o777).toBe(0o755);
      expect(statSync(join(upgrades(), 'v2/README.md')).mode & 0o777).toBe(0o644);
      expect(leftovers()).toEqual([]);
    });
  });
});

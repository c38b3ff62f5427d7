// A toolchain from a module proxy on loopback: whole in its place, or nothing of it anywhere.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { beforeEach, describe, expect, test } from 'vitest';

import { goPlatform, installedGos } from '../../src/host/go-toolchains.js';
import { parseGoProxies } from '../../src/install/go-proxy-list.js';
import { downloadGo, type ToolchainOptions } from '../../src/install/go-toolchain.js';
import { parseGoVersion } from '../../src/values/go-version.js';
import { moduleHash } from '../../src/values/module-hash.js';
import { makeZip, type ZipEntry } from '../support/make-zip.js';
import { loopbackServer, sends } from '../support/loopback-server.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
const platform = goPlatform();
const moduleOf = (version: string): string => `golang.org/toolchain@v0.0.1-go${version}.${platform}`;
let toolchainsFolder: string;
beforeEach(() => {
  toolchainsFolder = join(mkdtempSync(join(scratch, 'at-')), 'toolchains');
});

const files: readonly ZipEntry[] = [
  { name: 'bin/go', content: '#!/bin/sh\necho go\n' },
  { name: 'bin/gofmt', content: 'fmt' },
  { name: 'pkg/tool/linux_amd64/compile', content: 'compile' },
  { name: 'lib/wasm/go_js_wasm_exec', content: 'exec' },
  { name: 'lib/time/zoneinfo.zip', content: 'zone' },
  { name: 'src/_go.mod', content: 'module std\n' },
  { name: 'src/cmd/_go.mod', content: 'module cmd\n' },
  { name: 'src/fmt/print.go', content: 'package fmt\n' },
];

/** A toolchain, and by what it is known. */
function toolchain(version: string, entries: readonly ZipEntry[] = files) {
  const named = entries.map((entry) => ({ ...entry, name: `${moduleOf(version)}/${entry.name}` }));
  const digest = (text: string | Uint8Array): string => createHash('sha256').update(text).digest('hex');
  const hash = moduleHash(new Map(named.map(({ name, content = '' }) => [name, digest(content)])));
  return { zip: makeZip(named), vouched: { version: parseGoVersion(version), hash } };
}

function options(goproxy: string, more: Partial<ToolchainOptions> = {}): ToolchainOptions {
  return {
    environment: {},
    signal: new AbortController().signal,
    stallLimit: 20_000,
    proxies: parseGoProxies(goproxy),
    platform,
    toolchainsFolder,
    progress: () => undefined,
    ...more,
  };
}

function left(): string[] {
  return readdirSync(toolchainsFolder, { recursive: true, encoding: 'utf8' }).sort();
}
const nothing = ['golang.org'];

test('it lies as the go command would lay it, with what makes it run, and is found again', async () => {
  const { zip, vouched } = toolchain('1.19.2');
  const proxy = await loopbackServer(sends(zip));
  const lines: string[] = [];
  const go = await downloadGo(
    [vouched],
    options(`${proxy.address}/go,direct`, { progress: (line) => lines.push(line) }),
  );
  const name = `v0.0.1-go1.19.2.${platform}`;
  expect(proxy.asked.map(({ url }) => url)).toEqual([`/go/golang.org/toolchain/@v/${name}.zip`]);
  expect(go).toEqual({ version: '1.19.2', root: join(toolchainsFolder, moduleOf('1.19.2')), from: 'fetched' });
  expect(readFileSync(join(go.root, 'bin/go'), 'utf8')).toBe(files[0]?.content);
  const mode = (path: string): number => statSync(join(go.root, path)).mode & 0o777;
  expect(['bin/go', 'bin/gofmt', 'pkg/tool/linux_amd64/compile', 'lib/wasm/go_js_wasm_exec'].map(mode)).toEqual(
    Array(4).fill(0o555),
  );
  expect(['lib/time/zoneinfo.zip', 'src/fmt/print.go', 'src/go.mod'].map(mode)).toEqual(Array(3).fill(0o444));
  expect(readFileSync(join(go.root, 'src/go.mod'), 'utf8')).toBe('module std\n');
  expect(readFileSync(join(go.root, 'src/cmd/go.mod'), 'utf8')).toBe('module cmd\n');
  const record = join(toolchainsFolder, 'cache/download/golang.org/toolchain/@v', `${name}.ziphash`);
  expect(readFileSync(record, 'utf8')).toBe(vouched.hash);
  expect(left().filter((path) => path.includes('.cvtool') || path.endsWith('zip'))).toEqual([
    `${moduleOf('1.19.2')}/lib/time/zoneinfo.zip`,
  ]);
  expect(lines).toContainEqual(expect.stringMatching(/0 of 0 MiB$/));

  const found = await installedGos({ PATH: '/nonexistent', HOME: scratch, GOMODCACHE: scratch }, toolchainsFolder);
  expect(found.filter(({ from }) => from === 'fetched')).toEqual([go]);
  expect(await downloadGo([vouched], options('off'))).toEqual(go); // there already: nobody is asked
});

test('a folder that is a module proxy', async () => {
  const { zip, vouched } = toolchain('1.19.2');
  const folder = join(toolchainsFolder, '../a proxy');
  mkdirSync(join(folder, 'golang.org/toolchain/@v'), { recursive: true });
  writeFileSync(join(folder, `golang.org/toolchain/@v/v0.0.1-go1.19.2.${platform}.zip`), zip);
  expect(await downloadGo([vouched], options(pathToFileURL(folder).href))).toMatchObject({ version: '1.19.2' });
});

test('half of one, left by a go command that was killed, gives way', async () => {
  const { zip, vouched } = toolchain('1.19.2');
  const { address } = await loopbackServer(sends(zip));
  const place = join(toolchainsFolder, moduleOf('1.19.2'));
  const records = join(toolchainsFolder, 'cache/download/golang.org/toolchain/@v');
  const mark = join(records, `v0.0.1-go1.19.2.${platform}.partial`);
  for (const folder of [join(place, 'bin'), records]) mkdirSync(folder, { recursive: true });
  writeFileSync(join(place, 'bin/go'), 'half', { mode: 0o755 });
  writeFileSync(mark, '');
  await downloadGo([vouched], options(address));
  expect(readFileSync(join(place, 'bin/go'), 'utf8')).toBe(files[0]?.content);
  expect(existsSync(mark)).toBe(false);
});

test('what a killed cvtool left is removed by the next', async () => {
  const { zip, vouched } = toolchain('1.19.2');
  const { address } = await loopbackServer(sends(zip));
  mkdirSync(join(toolchainsFolder, 'golang.org/.cvtool-killed/tree'), { recursive: true });
  await downloadGo([vouched], options(address));
  expect(left().filter((path) => path.includes('.cvtool'))).toEqual([]);
});

describe('which proxy is asked', () => {
  test('the next one after 404 and 410, and where a bar stands after any error', async () => {
    const { zip, vouched } = toolchain('1.19.2');
    const proxies = [sends('', 404), sends('', 410), sends('', 500), sends(zip)].map(loopbackServer);
    const [missing, gone, broken, good] = (await Promise.all(proxies)).map(({ address }) => address);
    const list = `${missing ?? ''},${gone ?? ''},${broken ?? ''}|http://127.0.0.1:1|${good ?? ''}`;
    expect(await downloadGo([vouched], options(list))).toMatchObject({ version: '1.19.2' });
  });

  test('none after another error and a comma; what was said is told, without the password', async () => {
    const { zip, vouched } = toolchain('1.19.2');
    const broken = await loopbackServer(sends('no such luck\nreally', 403));
    const good = await loopbackServer(sends(zip));
    const address = broken.address.replace('//', '//me:secret@');
    const error: unknown = await downloadGo([vouched], options(`${address},${good.address}`)).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'GO_MISSING' });
    expect(JSON.stringify(error)).toMatch(/status 403 \(no such luck\)/);
    expect(JSON.stringify(error)).not.toContain('secret');
    expect(broken.asked[0]?.headers.authorization).toBe(`Basic ${Buffer.from('me:secret').toString('base64')}`);
    expect(good.asked).toEqual([]);
    expect(left()).toEqual(nothing);
  });

  test('an alternative where the proxy has not the wanted one, but not where it is out of reach', async () => {
    const wanted = toolchain('1.16.5');
    const other = toolchain('1.16.15');
    const proxy = await loopbackServer((request, response) =>
      request.url?.includes('1.16.15') === true ? response.end(other.zip) : response.writeHead(404).end(),
    );
    const versions = [wanted.vouched, other.vouched];
    expect(await downloadGo(versions, options(proxy.address))).toMatchObject({ version: '1.16.15' });
    const away = { ...options('http://127.0.0.1:1'), toolchainsFolder: `${toolchainsFolder}-2` };
    await expect(downloadGo(versions, away)).rejects.toMatchObject({
      code: 'GO_MISSING',
      details: [expect.stringContaining('go1.16.5: http://127.0.0.1:1/: ')],
    });
  });

  test('a password goes to its own host alone, also where that leads on to another', async () => {
    const { zip, vouched } = toolchain('1.19.2');
    const store = await loopbackServer(sends(zip));
    const proxy = await loopbackServer((_, response) =>
      response.writeHead(302, { location: `${store.address}/x` }).end(),
    );
    await downloadGo([vouched], options(proxy.address.replace('//', '//me:secret@')));
    expect(proxy.asked[0]?.headers.authorization).toBe(`Basic ${Buffer.from('me:secret').toString('base64')}`);
    expect(store.asked.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  test('HTTP_PROXY is used, and NO_PROXY keeps from it', async () => {
    const { zip, vouched } = toolchain('1.19.2');
    const between = await loopbackServer(sends(zip));
    const environment = { HTTP_PROXY: between.address };
    await downloadGo([vouched], options('http://modules.invalid/go', { environment }));
    expect(between.asked.map(({ url }) => url)).toEqual([
      `http://modules.invalid/go/golang.org/toolchain/@v/v0.0.1-go1.19.2.${platform}.zip`,
    ]);
    const without = options('http://modules.invalid', { environment: { ...environment, NO_PROXY: '.invalid' } });
    await expect(
      downloadGo([vouched], { ...without, toolchainsFolder: `${toolchainsFolder}-2` }),
    ).rejects.toMatchObject({ code: 'GO_MISSING' });
    expect(between.asked).toHaveLength(1);
  });
});

test.each(['socks5://127.0.0.1:1080', 'nonsense://', 'http://'])('a proxy %s is refused', async (proxy) => {
  const { vouched } = toolchain('1.19.2');
  const environment = { https_proxy: proxy };
  await expect(downloadGo([vouched], options('https://modules.invalid', { environment }))).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
  });
  expect(left()).toEqual(nothing);
});

describe('nothing is left', () => {
  test('where the proxy has other bytes than the recipe vouches for', async () => {
    const { zip } = toolchain('1.19.2', [...files, { name: 'bin/more', content: 'more' }]);
    const { address } = await loopbackServer(sends(zip));
    await expect(downloadGo([toolchain('1.19.2').vouched], options(address))).rejects.toMatchObject({
      code: 'CHECKSUM_MISMATCH',
      details: [expect.stringContaining('fetched: h1:'), expect.stringContaining('recipe:  h1:')],
    });
    expect(left()).toEqual(nothing);
  });

  test.each<[string, ZipEntry]>([
    ['a way out', { name: '../../../../out', content: 'out' }],
    ['a link', { name: 'bin/link', content: '/etc', mode: 0o120777 }],
  ])('where the archive has %s, though its hash is the one vouched for', async (_, entry) => {
    const { zip, vouched } = toolchain('1.19.2', [...files, entry]);
    const { address } = await loopbackServer(sends(zip));
    await expect(downloadGo([vouched], options(address))).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' });
    expect(left()).toEqual(nothing);
    expect(readdirSync(join(toolchainsFolder, '..'))).toEqual(['toolchains']);
    expect(existsSync(join(scratch, 'out'))).toBe(false);
  });

  test('where the connection is cut', async () => {
    const { zip, vouched } = toolchain('1.19.2');
    const { address } = await loopbackServer((_, response) => {
      response.writeHead(200, { 'content-length': zip.length });
      response.write(zip.subarray(0, 200), () => response.destroy());
    });
    await expect(downloadGo([vouched], options(address))).rejects.toMatchObject({ code: 'GO_MISSING' });
    expect(left()).toEqual(nothing);
  });

  test('where no byte comes for too long', async () => {
    const { vouched } = toolchain('1.19.2');
    const { address } = await loopbackServer((_, response) => void response.writeHead(200).write('PK'));
    await expect(downloadGo([vouched], options(address, { stallLimit: 300 }))).rejects.toMatchObject({
      details: [expect.stringContaining('no byte for 0.3 s')],
    });
    expect(left()).toEqual(nothing);
  });

  test('where it is more than a toolchain can be', async () => {
    const { vouched } = toolchain('1.19.2');
    const { address } = await loopbackServer((_, response) =>
      response.writeHead(200, { 'content-length': 2 ** 40 }).end(),
    );
    await expect(downloadGo([vouched], options(address))).rejects.toMatchObject({
      details: [expect.stringContaining('more than')],
    });
    expect(left()).toEqual(nothing);
  });

  test('where a signal stops it in the middle', async () => {
    const { zip, vouched } = toolchain('1.19.2');
    const controller = new AbortController();
    const reason = new Error('stop');
    const { address } = await loopbackServer((_, response) => {
      response.writeHead(200, { 'content-length': zip.length });
      response.write(zip.subarray(0, 200), () => controller.abort(reason));
    });
    await expect(downloadGo([vouched], options(address, { signal: controller.signal }))).rejects.toBe(reason);
    expect(left()).toEqual(nothing);
  });
});

test.each([
  ['off', 'GOPROXY=off forbids it'],
  ['direct', 'only the go command itself can go there'],
])('GOPROXY=%s', async (list, said) => {
  await expect(downloadGo([toolchain('1.19.2').vouched], options(list))).rejects.toMatchObject({
    code: 'GO_MISSING',
    details: [`go1.19.2: ${said.startsWith('only') ? `direct: ${said}` : said}`],
  });
});

// A host without any Go: its usual places are covered, and a module proxy on loopback has the toolchain (which is none: the
// chain is built by the C compiler). Real toolchains: see docs/staging.md.
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeEach, describe, expect } from 'vitest';

import { goPlatform } from '../../src/host/go-toolchains.js';
import { moduleHash } from '../../src/values/module-hash.js';
import { makeZip } from '../support/make-zip.js';
import { loopbackServer, sends } from '../support/loopback-server.js';
import { needs } from '../support/needs.js';
import {
  chainSandbox,
  cli,
  expectError,
  jsonOf,
  namesBelow,
  soundMakefile,
  soundProgram,
  startProcess,
  type Ended,
  type Sandbox,
} from '../support/sandbox.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
const module = `golang.org/toolchain@v0.0.1-go1.99.7.${goPlatform()}`;
const go = '#!/bin/sh\necho "{}"\n'; // it has no settings
const hash = moduleHash(new Map([[`${module}/bin/go`, createHash('sha256').update(go).digest('hex')]]));
const zip = makeZip([{ name: `${module}/bin/go`, content: go }]);
let sandbox: Sandbox;

const makefile = `${soundMakefile}build:\n\tmkdir -p build\n\t$(CC) $(CPPFLAGS) -o build/demod main.c\n`;
beforeEach(async () => {
  const files = { Makefile: makefile, 'main.c': soundProgram };
  sandbox = await chainSandbox(mkdtempSync(join(scratch, 'at-')), { files });
  const recipe = String(sandbox.environment.CVTOOL_RECIPE);
  const platform = goPlatform();
  const toolchains = `toolchains: { 1.99.7: { ${platform}: '${hash}' } }\n`;
  const rules = 'go: [{ version: 1.99.7, tags: [v1.0.0] }]\n';
  writeFileSync(recipe, readFileSync(recipe, 'utf8').replace('build:', `${rules}${toolchains}build:`));
});

/** In a mount namespace where the places of Go are empty, with a PATH that has none. */
function runWithoutGo(args: readonly string[], variables: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const empty = mkdtempSync(join(scratch, 'empty-'));
  const places = ['/usr/lib', '/usr/local']
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
    .filter((path) => /\/go(-?\d[\d.]*)?$/.test(path));
  const cover = places.map((path) => `mount --bind '${empty}' '${path}' &&`).join(' ');
  const script = `${cover} exec "$@"`;
  const environment = { ...sandbox.environment, PATH: pathWithoutGo(), ...variables };
  return startProcess('unshare', ['-m', 'sh', '-c', script, 'sh', process.execPath, cli, ...args], environment, scratch)
    .ended;
}

function pathWithoutGo(): string {
  return (process.env.PATH ?? '')
    .split(':')
    .filter((folder) => !existsSync(join(folder, 'go')))
    .join(':');
}

const toolchains = (): string[] => namesBelow(join(sandbox.root, 'cache/cvtool/toolchains')).slice(0, 1);
const goOptions = needs({ root: true });

describe('without a terminal', () => {
  goOptions('nobody is asked: without --yes and CI it ends, and says what to do; nothing was fetched', async () => {
    const proxy = await loopbackServer(sends(zip));
    const ended = await runWithoutGo(['stage-genesis', '--json'], { GOPROXY: proxy.address });
    expectError(ended, 'GO_MISSING', ['go1.99.7', '--yes']);
    expect(proxy.asked).toEqual([]);
    expect(toolchains()).toEqual([]);
  });

  for (const [title, args, variables] of [
    ['--yes', ['--yes'], {}],
    ['CI=true', [], { CI: 'true' }],
  ] as const) {
    goOptions(`with ${title} it is fetched, and kept for the next`, async () => {
      const proxy = await loopbackServer(sends(zip));
      const first = await runWithoutGo(['stage-genesis', '--json', ...args], { GOPROXY: proxy.address, ...variables });
      expect(jsonOf(first)).toMatchObject({ ok: true, go: '1.99.7' });
      rmSync(join(sandbox.home, 'cosmovisor'), { recursive: true });
      const second = await runWithoutGo(['stage-genesis', '--json'], { GOPROXY: 'off' });
      expect(jsonOf(second)).toMatchObject({ ok: true, go: '1.99.7' });
      expect(proxy.asked).toHaveLength(1);
    });
  }
});

goOptions('what is staged already asks for no consent', async () => {
  const proxy = await loopbackServer(sends(zip));
  await runWithoutGo(['stage-genesis', '--yes'], { GOPROXY: proxy.address });
  rmSync(join(sandbox.root, 'cache/cvtool/toolchains'), { recursive: true });
  const { status, stdout } = await runWithoutGo(['stage-genesis'], { GOPROXY: proxy.address });
  expect({ status, said: /^Nothing to do/m.test(stdout) }).toEqual({ status: 0, said: true });
});

goOptions('where nobody says which module proxy, the error says what to set', async () => {
  const ended = await runWithoutGo(['stage-genesis', '--yes', '--json']);
  expectError(ended, 'HOST_NOT_READY', ['go1.99.7', 'set GOPROXY', 'Go 1.21']);
  const offline = await runWithoutGo(['stage-genesis', '--yes', '--offline', '--json'], {
    GOPROXY: 'https://a.invalid',
  });
  expectError(offline, 'HOST_NOT_READY', ['--offline forbids']);
});

goOptions('other bytes than the recipe vouches for stage nothing and leave nothing', async () => {
  const other = makeZip([{ name: `${module}/bin/go`, content: `${go}# more\n` }]);
  const { address } = await loopbackServer(sends(other));
  const ended = await runWithoutGo(['stage-genesis', '--yes', '--json'], { GOPROXY: address });
  expectError(ended, 'CHECKSUM_MISMATCH', [hash]);
  expect(namesBelow(join(sandbox.root, 'cache/cvtool/toolchains'))).toEqual(['golang.org']);
  expect(namesBelow(sandbox.home)).toEqual([]);
});

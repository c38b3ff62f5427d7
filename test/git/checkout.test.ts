import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { checkOut, commitTime } from '../../src/git/checkout.js';
import { lockFolder } from '../../src/home/lock.js';
import { mirrorOf, syncMirror, type Mirror, type ReachOptions } from '../../src/git/mirror.js';
import { parseCommit } from '../../src/values/commit.js';
import { parseGitAddress } from '../../src/values/git-address.js';
import { parseTag } from '../../src/values/tag.js';
import { GitRepository } from '../support/git-repository.js';
import { runTool } from '../support/run-tool.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
let count = 0;

test("the commit's files, clean, with nothing of the user's settings", async () => {
  const { repository } = makeRepository();
  const { folder } = await checkOutTag(repository, 'v1');
  expect(readFileSync(join(folder, 'a.txt'), 'utf8')).toBe('one\n');
  expect(git(folder, 'status', '--porcelain')).toBe('');
  expect(git(folder, 'rev-parse', 'HEAD')).toBe(repository.git('rev-parse', 'v1'));
  expect(git(folder, 'remote', 'get-url', 'origin')).toBe(repository.folder);
});

test.each([
  ['lightweight', []],
  ['annotated', ['-a', '-m', 'x']],
])('of two tags on one commit, `git describe --tags` says the %s one that was asked for', async (_, kind) => {
  for (const [asked, other] of [
    ['v1-a', 'v1-b'],
    ['v1-b', 'v1-a'],
  ] as const) {
    const { repository } = makeRepository();
    repository.git('tag', '--delete', 'v1');
    repository.git('tag', ...kind, asked);
    repository.git('tag', '-a', '-m', 'x', other); // git prefers an annotated one, and the newer of two
    repository.git('update-ref', 'refs/tags/-d', 'HEAD'); // a name that must not become an option
    const { folder } = await checkOutTag(repository, asked);
    expect(git(folder, 'describe', '--tags')).toBe(asked);
    expect(git(folder, 'tag', '--points-at', 'HEAD')).toBe(asked);
  }
});

test('tags of other commits stay, so that a commit after a tag is described by it', async () => {
  const { repository } = makeRepository();
  repository.commit({ 'a.txt': 'two\n' });
  repository.git('tag', 'v2');
  const { folder } = await checkOutTag(repository, 'v2');
  expect(git(folder, 'tag').split('\n')).toEqual(['v1', 'v2']);
  expect(git(folder, 'describe', '--tags', '--exclude', 'v2')).toMatch(/^v1-1-g[0-9a-f]+$/);
});

test('go.sum is never older than go.mod, whichever was written first', async () => {
  const { repository } = makeRepository({ 'go.mod': 'module x\n', 'go.sum': '' });
  const { folder } = await checkOutTag(repository, 'v1');
  const [mod, sum] = ['go.mod', 'go.sum'].map((name) => statSync(join(folder, name)).mtimeMs);
  expect(sum).toBeGreaterThanOrEqual(mod ?? Infinity);
});

test('a go.mod that is a link touches nothing outside', async () => {
  const outside = join(scratch, 'outside');
  writeFileSync(outside, '');
  utimesSync(outside, 1000, 1000);
  const { repository } = makeRepository();
  symlinkSync(outside, join(repository.folder, 'go.mod'));
  repository.commit({});
  repository.git('tag', '--force', 'v1');
  const { folder } = await checkOutTag(repository, 'v1');
  expect(lstatSync(join(folder, 'go.mod')).isSymbolicLink()).toBe(true);
  expect(statSync(outside).mtimeMs).toBe(1_000_000);
});

test('it does not need the mirror any more, and may be moved', async () => {
  const { repository } = makeRepository();
  const { folder, mirror } = await checkOutTag(repository, 'v1');
  rmSync(mirror.folder, { recursive: true });
  renameSync(folder, `${folder}-moved`);
  expect(git(`${folder}-moved`, 'fsck', '--strict')).not.toMatch(/error|missing/);
  expect(git(`${folder}-moved`, 'describe', '--tags')).toBe('v1');
});

test('it waits while somebody fetches into the mirror', async () => {
  const { repository } = makeRepository();
  const mirror = await synced(repository);
  const lock = await lockFolder(mirror.folder, new AbortController().signal, () => undefined);
  const waited: string[] = [];
  const folder = join(scratch, `checkout ${(count += 1)}`);
  const commit = parseCommit(repository.git('rev-parse', 'v1'));
  const onProgress = (text: string) => {
    waited.push(text);
    expect(existsSync(folder)).toBe(false);
    lock.release();
  };
  await checkOut(mirror, { tag: parseTag('v1'), commit, folder }, { ...options(), onProgress });
  expect(waited.join()).toContain('at work on this mirror');
});

test('the time of the commit', async () => {
  const { repository } = makeRepository();
  const { folder } = await checkOutTag(repository, 'v1');
  expect(await commitTime(folder, options())).toBe(Number(repository.git('log', '-1', '--format=%ct', 'v1')));
});

test('a commit that the mirror lacks cannot be checked out: the tag and the commit are named', async () => {
  const { repository } = makeRepository();
  const mirror = await synced(repository);
  const commit = parseCommit('12'.repeat(20));
  const folder = join(scratch, 'lacking');
  await expect(checkOut(mirror, { tag: parseTag('v1'), commit, folder }, options())).rejects.toMatchObject({
    code: 'SOURCE_INVALID',
    message: expect.stringMatching(/v1.*1212/),
    hint: expect.stringContaining('--no-cache'),
  });
});

test('an abort ends it with its reason', async () => {
  const { repository } = makeRepository();
  const mirror = await synced(repository);
  const signal = AbortSignal.abort(new Error('the operator left'));
  const commit = parseCommit(repository.git('rev-parse', 'v1'));
  await expect(
    checkOut(mirror, { commit, folder: join(scratch, 'aborted') }, { ...options(), signal }),
  ).rejects.toThrow('the operator left');
});

describe('what a repository or a user has set up to run does not run', () => {
  test('filters, hooks, templates, fsmonitor, and what attributes name', async () => {
    const mark = join(scratch, 'mark');
    const home = hostileHome(mark);
    const { repository } = makeRepository({
      '.gitattributes': '*.txt filter=evil diff=evil merge=evil ident\n*.bin working-tree-encoding=evil\n',
      'b.txt': 'plain\n',
    });
    const before = { ...process.env };
    try {
      // what git would read by itself, too, were its environment not ours
      Object.assign(process.env, {
        HOME: home,
        GIT_CONFIG_GLOBAL: join(home, '.gitconfig'),
        GIT_TEMPLATE_DIR: join(home, 'template'),
      });
      const { folder } = await checkOutTag(repository, 'v1', { environment: { PATH: process.env.PATH, HOME: home } });
      expect(readFileSync(join(folder, 'b.txt'), 'utf8')).toBe('plain\n');
      expect(readdirSync(join(folder, '.git'))).not.toContain('hooks');
    } finally {
      for (const name of Object.keys(process.env)) if (!(name in before)) Reflect.deleteProperty(process.env, name);
      Object.assign(process.env, before);
    }
    expect(existsSync(mark) ? readFileSync(mark, 'utf8') : '').toBe('');
  });

  test('the same home leaves its mark with plain git: else the test above tests nothing', () => {
    const mark = join(scratch, 'mark of plain git');
    const home = hostileHome(mark);
    const { repository } = makeRepository({ '.gitattributes': '*.txt filter=evil\n' });
    const plain = join(scratch, 'plain');
    runTool('git', ['clone', '--quiet', repository.folder, plain], { environment: { HOME: home } });
    runTool('git', ['status'], { cwd: plain, environment: { HOME: home } });
    const marks = readFileSync(mark, 'utf8');
    for (const name of ['smudge', 'post-checkout', 'fsmonitor']) expect(marks).toContain(name);
  });

  test('nor in a submodule', async () => {
    const mark = join(scratch, 'mark of a submodule');
    const home = hostileHome(mark);
    const { repository } = withSubmodule('sub', { '.gitattributes': '*.txt filter=evil\n' });
    const { folder } = await checkOutTag(repository, 'v1', { environment: { PATH: process.env.PATH, HOME: home } });
    expect(readFileSync(join(folder, 'deps/sub/a.txt'), 'utf8')).toBe('one\n');
    expect(existsSync(mark) ? readFileSync(mark, 'utf8') : '').toBe('');
  });
});

describe('submodules', () => {
  test('a local one, a relative one, and one inside of another are checked out at their pinned commits', async () => {
    const inner = makeRepository({ 'inner.txt': 'inner\n' }, 'inner').repository;
    const middle = makeRepository({}, 'middle').repository;
    addSubmodule(middle, inner.folder, 'inner');
    const { repository } = makeRepository();
    addSubmodule(repository, middle.folder, 'deps/middle');
    addSubmodule(repository, `../${inner.folder.split('/').at(-1) ?? ''}`, 'deps/relative');
    repository.git('tag', '--force', 'v1');
    inner.commit({ 'inner.txt': 'later\n' }); // not what is pinned
    const { folder } = await checkOutTag(repository, 'v1');
    for (const path of ['deps/middle/inner/inner.txt', 'deps/relative/inner.txt']) {
      expect(readFileSync(join(folder, path), 'utf8')).toBe('inner\n');
    }
    expect(git(folder, 'status', '--porcelain')).toBe('');
  });

  test('the second time they come from the cache, offline too', async () => {
    const { repository, submodule } = withSubmodule('again');
    const mirror = await synced(repository);
    const commit = parseCommit(repository.git('rev-parse', 'v1'));
    const place = () => join(scratch, `checkout ${(count += 1)}`);
    const offline = { ...options(), offline: true };
    await expect(checkOut(mirror, { commit, folder: place() }, offline)).rejects.toMatchObject({ code: 'OFFLINE' });
    await checkOut(mirror, { commit, folder: place() }, options());
    rmSync(submodule.folder, { recursive: true });
    const folder = place();
    await checkOut(mirror, { commit, folder }, offline);
    expect(readFileSync(join(folder, 'deps/again/a.txt'), 'utf8')).toBe('one\n');
  });

  test('a pinned commit that came later is fetched; one that is on no branch is asked for; one that is gone is named', async () => {
    const { repository, submodule } = withSubmodule('moves');
    await checkOutTag(repository, 'v1');
    for (const unreachable of [false, true]) {
      const commit = submodule.commit({ 'a.txt': `later ${String(unreachable)}\n` });
      submodule.git('config', 'uploadpack.allowAnySHA1InWant', 'true');
      if (unreachable) submodule.git('reset', '--quiet', '--hard', 'HEAD~1');
      pin(repository, 'deps/moves', commit);
      const { folder } = await checkOutTag(repository, 'v1');
      expect(readFileSync(join(folder, 'deps/moves/a.txt'), 'utf8')).toBe(`later ${String(unreachable)}\n`);
    }
    pin(repository, 'deps/moves', '12'.repeat(20));
    await expect(checkOutTag(repository, 'v1')).rejects.toMatchObject({
      code: 'SOURCE_INVALID',
      message: expect.stringMatching(/1212.*deps\/moves/),
    });
  });

  test('one that says `update = none` is left out, as git does', async () => {
    const { repository } = withSubmodule('none');
    setModule(repository, 'none', 'update', 'none');
    const { folder } = await checkOutTag(repository, 'v1');
    expect(readdirSync(join(folder, 'deps/none'))).toEqual([]);
  });

  test.each([
    ['ext::sh -c "touch /tmp/x"', /helper program/],
    ['http://host/x', /http:\/\//],
    ['-x', /option/],
    ['/nowhere', undefined],
    ['', /no address/],
  ])('one with the address %j is refused or cannot be had, and is named', async (url, why) => {
    const { repository } = withSubmodule('odd');
    setModule(repository, 'odd', 'url', url);
    await expect(checkOutTag(repository, 'v1')).rejects.toMatchObject(
      why === undefined
        ? { code: 'REPOSITORY_UNREACHABLE', message: expect.stringContaining('/nowhere') }
        : { code: 'SOURCE_INVALID', message: expect.stringMatching(why) },
    );
  });

  test('a repository from elsewhere cannot reach into the folders of this host', async () => {
    const { repository } = withSubmodule('local');
    const home = join(scratch, 'user of a remote');
    mkdirSync(home);
    writeFileSync(join(home, '.gitconfig'), `[url "${repository.folder}"]\n insteadOf = https://host.invalid/x\n`);
    const environment = { PATH: process.env.PATH, HOME: home };
    const mirror = mirrorOf(join(scratch, 'remote'), parseGitAddress('https://host.invalid/x'));
    await syncMirror(mirror, { ...options(), environment });
    const commit = parseCommit(repository.git('rev-parse', 'v1'));
    await expect(
      checkOut(mirror, { commit, folder: join(scratch, 'remote checkout') }, { ...options(), environment }),
    ).rejects.toMatchObject({ code: 'SOURCE_INVALID', message: expect.stringContaining('a folder of this host') });
  });
});

function makeRepository(files: Readonly<Record<string, string>> = {}, name = 'repository') {
  const repository = new GitRepository(join(scratch, `${name}-${(count += 1)}`));
  repository.commit({ 'a.txt': 'one\n', ...files });
  repository.git('tag', 'v1');
  return { repository };
}

function withSubmodule(name: string, files: Readonly<Record<string, string>> = {}) {
  const submodule = makeRepository(files, name).repository;
  const { repository } = makeRepository();
  addSubmodule(repository, submodule.folder, `deps/${name}`, name);
  repository.git('tag', '--force', 'v1');
  return { repository, submodule };
}

function addSubmodule(repository: GitRepository, url: string, path: string, name = path): void {
  const allowed = ['-c', 'protocol.file.allow=always'];
  repository.git(...allowed, 'submodule', '--quiet', 'add', '--name', name, '--', url, path);
  repository.commit({});
}

function setModule(repository: GitRepository, name: string, key: string, value: string): void {
  repository.git('config', '--file', '.gitmodules', `submodule.${name}.${key}`, value);
  repository.commit({});
  repository.git('tag', '--force', 'v1');
}

function pin(repository: GitRepository, path: string, commit: string): void {
  repository.git('update-index', '--cacheinfo', `160000,${commit},${path}`);
  repository.git('commit', '--quiet', '-m', 'pin');
  repository.git('tag', '--force', 'v1');
}

async function synced(repository: GitRepository, changes: Partial<ReachOptions> = {}): Promise<Mirror> {
  const mirror = mirrorOf(join(scratch, 'mirrors'), parseGitAddress(repository.folder));
  await syncMirror(mirror, { ...options(), ...changes });
  return mirror;
}

async function checkOutTag(repository: GitRepository, tag: string, changes: Partial<ReachOptions> = {}) {
  const mirror = await synced(repository, changes);
  const folder = join(scratch, `checkout ${(count += 1)}`);
  const commit = parseCommit(repository.git('rev-parse', `${tag}^{commit}`));
  await checkOut(mirror, { tag: parseTag(tag), commit, folder }, { ...options(), ...changes });
  return { folder, mirror };
}

function options(): ReachOptions {
  const environment = { PATH: process.env.PATH, HOME: '/dev/null' };
  return { environment, signal: new AbortController().signal, stallLimit: 60_000, offline: false };
}

function git(folder: string, ...args: string[]): string {
  return runTool('git', ['-C', folder, ...args]).trimEnd();
}

/** A user whose git runs things at every turn; each leaves its name in `mark`. */
function hostileHome(mark: string): string {
  const home = join(scratch, `hostile ${(count += 1)}`);
  const script = (path: string, body: string) => {
    const file = join(home, path);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, `#!/bin/sh\necho '${path}' >> '${mark}'\n${body}\n`, { mode: 0o755 });
    return file;
  };
  for (const hook of ['post-checkout', 'post-index-change', 'reference-transaction', 'post-merge']) {
    script(`template/hooks/${hook}`, '');
    script(`hooks/${hook}`, '');
  }
  const smudge = script('smudge', 'cat; echo evil');
  const monitor = script('fsmonitor', 'exit 1');
  writeFileSync(join(home, 'attributes'), '* filter=evil\n');
  writeFileSync(
    join(home, '.gitconfig'),
    [
      `[filter "evil"]\n smudge = '${smudge}'\n clean = '${smudge}'`,
      `[core]\n hooksPath = ${home}/hooks\n fsmonitor = '${monitor}'\n attributesFile = ${home}/attributes\n autocrlf = true`,
      `[init]\n templateDir = ${home}/template`,
      `[protocol "file"]\n allow = always`,
      '',
    ].join('\n'),
  );
  return home;
}

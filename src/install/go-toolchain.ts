// A Go toolchain without the go command: the module golang.org/toolchain from a module proxy, known by the hash that the caller
// vouches for, laid out as the go command itself does it. The folder of a toolchain is there whole, or not at all.
import {
  accessSync,
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
} from 'node:fs';
import { copyFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { CvtoolError, hasCode, messageOf } from '../errors/cvtool-error.js';
import { lockFolder } from '../home/lock.js';
import { removeTree } from '../home/remove-tree.js';
import { syncTree } from '../home/sync.js';
import type { GoToolchain } from '../host/go-toolchains.js';
import { goToolchain, type GoVersion } from '../values/go-version.js';
import type { ModuleHash } from '../values/module-hash.js';
import { maskCredentials, printable } from '../values/printable.js';
import { download, type DownloadOptions } from './download.js';
import type { GoProxy } from './go-proxy-list.js';
import { unpackModule } from './module-zip.js';

const module = 'golang.org/toolchain';
const mebibyte = 1024 * 1024;
/** Go refuses modules of more than 500 MiB (golang.org/x/mod/zip, MaxZipFile); so large a one has 15,000 files. */
const bounds = { largest: 500 * mebibyte, mostFiles: 50_000 };

export interface VouchedGo {
  readonly version: GoVersion;
  readonly hash: ModuleHash;
}

export interface ToolchainOptions extends Pick<DownloadOptions, 'environment' | 'signal' | 'stallLimit'> {
  readonly proxies: readonly GoProxy[];
  /** As Go writes it: `linux-amd64`. */
  readonly platform: string;
  /** A folder like a module cache. */
  readonly toolchainsFolder: string;
  readonly progress: (line: string) => void;
}

/**
 * Fetches the first of `versions` that the module proxies have.
 * @throws GO_MISSING with what each of them said, CHECKSUM_MISMATCH, ARCHIVE_INVALID, NO_SPACE
 */
export async function downloadGo(versions: readonly VouchedGo[], options: ToolchainOptions): Promise<GoToolchain> {
  const parent = join(options.toolchainsFolder, dirname(module));
  mkdirSync(parent, { recursive: true });
  const lock = await lockFolder(parent, options.signal, (holder) =>
    options.progress(`waiting for process ${holder ?? 'unknown'}, which is fetching a Go`),
  );
  try {
    for (const left of readdirSync(parent).filter((name) => name.startsWith(scratchName)))
      removeTree(join(parent, left));
    return await downloadFirst(versions, parent, options);
  } catch (error) {
    throw asDiskProblem(error, options.toolchainsFolder);
  } finally {
    lock.release();
  }
}

const scratchName = '.cvtool-';

async function downloadFirst(
  versions: readonly VouchedGo[],
  parent: string,
  options: ToolchainOptions,
): Promise<GoToolchain> {
  const refusals: string[] = [];
  for (const { version, hash } of versions) {
    const name = `v0.0.1-${goToolchain(version)}.${options.platform}`;
    const place = join(parent, `${basename(module)}@${name}`);
    if (isWhole(options.toolchainsFolder, place, name)) return { version, root: place, from: 'fetched' };
    const scratch = mkdtempSync(join(parent, scratchName));
    try {
      const zip = join(scratch, 'zip');
      const answer = await fromProxies(name, zip, options);
      refusals.push(...answer.refusals.map((said) => `${goToolchain(version)}: ${said}`));
      if (answer.kind === 'broken') break; // what is out of reach now must not decide which Go is taken
      if (answer.kind === 'not there') continue;
      await install(zip, join(scratch, 'tree'), place, { name, hash }, options);
      return { version, root: place, from: 'fetched' };
    } finally {
      removeTree(scratch);
    }
  }
  throw new CvtoolError('GO_MISSING', `Go ${versions.map(({ version }) => version).join(' or ')} cannot be fetched`, {
    details: refusals,
    hint: 'Set GOPROXY to a Go module proxy that serves toolchains, or install that Go (https://go.dev/dl).',
  });
}

/** Another cvtool, or a go command, may have fetched it since this one looked. */
function isWhole(toolchainsFolder: string, place: string, name: string): boolean {
  try {
    accessSync(join(place, 'bin/go'), constants.X_OK);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return false;
    throw error;
  }
  return !existsSync(join(recordsOf(toolchainsFolder), `${name}.partial`));
}

/** Where the go command keeps what it knows of each version (`go help mod download`). */
function recordsOf(toolchainsFolder: string): string {
  return join(toolchainsFolder, 'cache/download', module, '@v');
}

interface ProxyAnswer {
  readonly kind: 'done' | 'not there' | 'broken';
  readonly refusals: readonly string[];
}

async function fromProxies(name: string, zip: string, options: ToolchainOptions): Promise<ProxyAnswer> {
  const refusals: string[] = [];
  let broken = false;
  for (const proxy of options.proxies) {
    if (proxy.kind !== 'proxy') {
      refusals.push(
        proxy.kind === 'off' ? 'GOPROXY=off forbids it' : 'direct: only the go command itself can go there',
      );
      break;
    }
    const end = await fromProxy(proxy.url, name, zip, options);
    if (end.kind === 'done') return { kind: 'done', refusals };
    const missing = end.kind === 'refused' && (end.status === 404 || end.status === 410);
    broken = end.kind === 'failed' || end.status >= 500;
    refusals.push(`${printable(maskCredentials(proxy.url.href))}: ${printable(end.said)}`);
    await rm(zip, { force: true });
    if (!missing && proxy.nextAfter === 'not found') break;
  }
  return { kind: broken ? 'broken' : 'not there', refusals };
}

/** GET $GOPROXY/golang.org/toolchain/@v/<version>.zip (go.dev/ref/mod#goproxy-protocol). */
async function fromProxy(
  proxy: URL,
  name: string,
  zip: string,
  options: ToolchainOptions,
): ReturnType<typeof download> {
  const url = new URL(proxy);
  url.pathname = `${proxy.pathname.replace(/\/$/, '')}/${module}/@v/${name}.zip`;
  const label = `fetching ${name.slice('v0.0.1-'.length)} from the module proxy`;
  options.progress(label);
  if (url.protocol === 'file:') return copyFrom(url, zip);
  const onProgress = (bytes: number, of: number | undefined): void =>
    options.progress(`${label}: ${mebibytes(bytes)}${of === undefined ? '' : ` of ${mebibytes(of)}`} MiB`);
  return download(url, zip, { ...options, largest: bounds.largest, onProgress });
}

async function copyFrom(url: URL, zip: string): ReturnType<typeof download> {
  try {
    await copyFile(fileURLToPath(url), zip, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    return { kind: 'done', bytes: 0 };
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return { kind: 'refused', status: 404, said: 'there is no such file' };
    if (hasCode(error, 'ENOSPC', 'EDQUOT')) throw error;
    return { kind: 'failed', said: messageOf(error), again: false };
  }
}

async function install(
  zip: string,
  tree: string,
  place: string,
  { name, hash }: { readonly name: string; readonly hash: ModuleHash },
  { toolchainsFolder, signal, progress }: ToolchainOptions,
): Promise<void> {
  const onProgress = (files: number, of: number): void => progress(`unpacking ${files} of ${of} files`);
  const unpacked = await unpackModule(zip, `${module}@${name}`, tree, { ...bounds, signal, onProgress });
  if (unpacked.hash !== hash) {
    throw new CvtoolError('CHECKSUM_MISMATCH', `the module proxy's ${module}@${name} is not the one of the recipe`, {
      details: [`fetched: ${unpacked.hash}`, `recipe:  ${hash}`],
      hint: 'Nothing of it was kept. Find out what stands between this host and the module proxy.',
    });
  }
  if (!unpacked.names.includes('bin/go')) {
    throw new CvtoolError('ARCHIVE_INVALID', `${module}@${name} has no bin/go in it`);
  }
  makeRunnable(tree, unpacked.names);
  progress('writing it to the disk');
  syncTree(tree);
  signal.throwIfAborted();
  removeTree(place); // half of one, left by a go command that was killed
  await rename(tree, place);
  const records = recordsOf(toolchainsFolder);
  mkdirSync(records, { recursive: true });
  await writeFile(join(records, `${name}.ziphash`), hash); // without it a go command would fetch the toolchain again
  await rm(join(records, `${name}.partial`), { force: true });
}

/**
 * What cmd/go/internal/toolchain does at a toolchain's first use: a module's zip has neither modes nor a go.mod below its top,
 * so the programs are made executable, and every go.mod comes from the _go.mod beside it.
 */
function makeRunnable(tree: string, names: readonly string[]): void {
  for (const name of names) {
    const program = /^(bin|pkg\/tool)\//.test(name) || /^lib\/(.*\/)?go_[^/]+_[^/]+_exec$/.test(name);
    const path = join(tree, name);
    chmodSync(path, program ? 0o555 : 0o444);
    if (basename(name) === '_go.mod') copyFileSync(path, join(dirname(path), 'go.mod'), constants.COPYFILE_EXCL);
  }
}

function asDiskProblem(error: unknown, folder: string): unknown {
  if (!hasCode(error, 'ENOSPC', 'EDQUOT')) return error;
  return new CvtoolError('NO_SPACE', `the disk of ${folder} is full: the toolchain does not fit`, {
    hint: 'Make room (`cvtool cache prune`), or point XDG_CACHE_HOME elsewhere.',
    cause: error,
  });
}

function mebibytes(bytes: number): string {
  return (bytes / mebibyte).toFixed(0);
}

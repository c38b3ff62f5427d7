// One archive of a staged folder: written aside, synced, renamed, so that its name never holds half of it.
import { createHash } from 'node:crypto';
import { closeSync, createWriteStream, existsSync, fsyncSync, openSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { CvtoolError, hasCode, isSystemError } from '../errors/cvtool-error.js';
import { systemReason } from '../errors/system-reason.js';
import type { Manifest } from '../evidence/manifest.js';
import { sha256OfFile } from '../evidence/sha256.js';
import { makeFolder } from '../home/make-folder.js';
import { syncPath } from '../home/sync.js';
import { asideOf, removeAside, writeWhole } from '../home/write-whole.js';
import { escapePlanName, parsePlanName } from '../values/plan-name.js';
import { platformFrom, type Platform } from '../values/platform.js';
import { archiveBytes, type ArchiveFormat } from './archive-bytes.js';
import { minisignature, type SigningKey } from './minisign.js';
import { packedFiles } from './packed-files.js';

export interface PackRequest {
  /** The staged folder, and how messages call it. */
  readonly folder: string;
  readonly name: string;
  readonly out: string;
  readonly format: ArchiveFormat;
  readonly signingKey: SigningKey | undefined;
  /** Also over an archive of that name with other bytes. */
  readonly force: boolean;
  readonly signal: AbortSignal;
}

export interface Archive {
  readonly path: string;
  readonly sha256: string;
  /** In bytes. */
  readonly size: number;
  readonly platform: Platform;
  readonly signature: string | undefined;
  readonly publicKey: string | undefined;
}

/** @throws VERIFY_FAILED, MANIFEST_INVALID, HOST_NOT_READY, TARGET_DIFFERS, HOME_UNWRITABLE, NO_SPACE, the signal's reason */
export async function pack(request: PackRequest): Promise<Archive> {
  const { folder, name, out, format, signingKey, signal } = request;
  const { manifest, files } = packedFiles(folder, name);
  const platform = platformFrom(manifest.build.platform);
  if (platform === undefined)
    throw new CvtoolError('VERIFY_FAILED', `${name} is for ${manifest.build.platform}, which no node names`);
  const file = archiveName(manifest, platform, format);
  const path = join(out, file);
  const bytes = archiveBytes(files, format, manifest.source.commitTime);
  try {
    makeFolder(out);
    const { sha256, blake2b } = await write(bytes, path, request);
    const signature = signingKey && `${path}.minisig`;
    if (signingKey !== undefined && signature !== undefined) {
      const comment = `timestamp:${manifest.source.commitTime}\tfile:${file}\thashed`;
      writeWhole(signature, minisignature(signingKey, blake2b, comment), 0o644);
    }
    return { path, sha256, size: statSync(path).size, platform, signature, publicKey: signingKey?.publicKey };
  } catch (error) {
    throw signal.aborted ? signal.reason : asOutProblem(error, out);
  }
}

/** panacead-v2.2.0-linux-amd64.tar.gz */
function archiveName({ daemon, target }: Manifest, platform: Platform, format: ArchiveFormat): string {
  const folder = 'upgrade' in target ? escapePlanName(parsePlanName(target.upgrade, { recase: false })) : 'genesis';
  return `${daemon}-${folder}-${platform.replace('/', '-')}.${format}`;
}

async function write(
  bytes: NodeJS.ReadableStream,
  path: string,
  { force, signal }: PackRequest,
): Promise<{ sha256: string; blake2b: Buffer }> {
  const sha256 = createHash('sha256');
  const blake2b = createHash('blake2b512');
  const aside = asideOf(path);
  removeAside(aside);
  try {
    const hashed = async function* (chunks: AsyncIterable<Buffer | string>): AsyncGenerator<Buffer> {
      for await (const piece of chunks) {
        const chunk = Buffer.from(piece);
        sha256.update(chunk);
        blake2b.update(chunk);
        yield chunk;
      }
    };
    await pipeline(bytes, hashed, createWriteStream(aside, { flags: 'wx', mode: 0o644 }), { signal });
    const digest = sha256.digest('hex');
    const there = existsSync(path) ? sha256OfFile(path) : undefined;
    if (there !== undefined && there !== digest && !force) {
      throw new CvtoolError('TARGET_DIFFERS', `${path} is there already, with other bytes`, {
        details: [`there:  sha256 ${there}`, `packed: sha256 ${digest}`],
        hint: 'If nobody was given the old one, run it with --force; else pack into another --out.',
      });
    }
    const fd = openSync(aside, 'r+');
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(aside, path);
    syncPath(join(path, '..'));
    return { sha256: digest, blake2b: blake2b.digest() };
  } finally {
    removeAside(aside);
  }
}

function asOutProblem(error: unknown, out: string): unknown {
  if (hasCode(error, 'ENOSPC', 'EDQUOT')) {
    return new CvtoolError('NO_SPACE', `${out}: ${systemReason(error)}`, { hint: 'Make room there.', cause: error });
  }
  if (!isSystemError(error)) return error;
  return new CvtoolError('HOME_UNWRITABLE', `${out} cannot be written: ${systemReason(error)}`, {
    hint: 'Give another folder with --out.',
    cause: error,
  });
}

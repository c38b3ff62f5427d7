// What goes into an archive: the files that the manifest vouches for, read once and compared with it, and the documents. The
// folder of the binary comes first: go-getter, with which cosmovisor downloads, tries an archive as a single file at first and
// would write the first member over the daemon's name; at a folder it gives up before it writes anything.
import { constants, closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';

import { CvtoolError } from '../errors/cvtool-error.js';
import { systemReason } from '../errors/system-reason.js';
import { documentsOf } from '../evidence/documents.js';
import { readManifest, type Manifest } from '../evidence/manifest.js';
import { sameFiles, stagedFiles } from '../evidence/staged-files.js';

export interface PackedFile {
  /** With `/` at its end for a folder. */
  readonly path: string;
  readonly mode: number;
  readonly content: Buffer;
}

export interface Packed {
  readonly manifest: Manifest;
  readonly files: readonly PackedFile[];
}

const again = 'Stage it again with --force, or look at `cvtool verify`.';

/**
 * @param name of the folder, for messages
 * @throws VERIFY_FAILED where the folder is not what its manifest says, MANIFEST_INVALID
 */
export function packedFiles(folder: string, name: string): Packed {
  const manifest = readManifest(folder);
  if (manifest === undefined) {
    throw new CvtoolError('VERIFY_FAILED', `${name} cannot be packed: it has no manifest, so nothing vouches for it`, {
      hint: 'Only what cvtool has built is packed: `cvtool stage-upgrade`, `cvtool stage-genesis`.',
    });
  }
  const { daemon, files } = manifest;
  if (!files.some(({ path }) => path === `bin/${daemon}`)) {
    throw new CvtoolError('VERIFY_FAILED', `${name} cannot be packed: its manifest has no bin/${daemon}`, {
      hint: again,
    });
  }
  const here = stagedFiles(folder);
  if (!sameFiles(here, files)) throw changed(name, 'bin/ and lib/ are not as they were staged');
  const part = (prefix: string): PackedFile[] => {
    const members = files.filter(({ path }) => path.startsWith(prefix));
    const sorted = [...members].sort((a, b) => (a.path < b.path ? -1 : 1));
    const read = sorted.map(({ path, sha256 }) => ({
      path,
      mode: 0o755,
      content: contentOf(folder, path, sha256, name),
    }));
    return read.length === 0 ? [] : [{ path: prefix, mode: 0o755, content: Buffer.alloc(0) }, ...read];
  };
  const documents = documentsOf(manifest, folder).map(({ name: path, text }) => ({
    path,
    mode: 0o644,
    content: Buffer.from(text),
  }));
  return { manifest, files: [...part('bin/'), ...part('lib/'), ...documents] };
}

function contentOf(folder: string, path: string, sha256: string, name: string): Buffer {
  let content: Buffer;
  try {
    content = readRegular(join(folder, path));
  } catch (error) {
    throw changed(name, `${path} cannot be read: ${systemReason(error)}`, error);
  }
  if (createHash('sha256').update(content).digest('hex') !== sha256) throw changed(name, `${path} has other bytes`);
  return content;
}

function readRegular(path: string): Buffer {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    if (!fstatSync(fd).isFile()) throw new Error('it is no regular file');
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}

function changed(name: string, why: string, cause?: unknown): CvtoolError {
  return new CvtoolError('VERIFY_FAILED', `${name} cannot be packed: ${why}`, { hint: again, cause });
}

// A whole file, however often the connection breaks: a request that was cut short goes on where it stood, as long as the server
// vouches that it is the same file, and is made again a few times where nothing came of it.
import { copyFileSync, constants, rmSync, statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { CvtoolError, hasCode } from '../errors/cvtool-error.js';
import { systemReason } from '../errors/system-reason.js';
import { download, type Begun, type DownloadEnd, type DownloadOptions } from './download.js';

export interface FetchOptions extends Omit<DownloadOptions, 'begun' | 'stallLimit'> {
  /** Milliseconds for all of it. */
  readonly timeLimit: number;
  /** Milliseconds without a byte (default: 30 seconds). */
  readonly stallLimit?: number | undefined;
  /** It is asked for again, because of what `said` tells. */
  readonly onRetry: (said: string) => void;
}

/** Milliseconds before each further request that is made without a byte having come in between. */
const pauses = [300, 1000, 3000];
/** Milliseconds. */
const usualStallLimit = 30_000;

export interface Fetched {
  readonly bytes: number;
  /** It came in more than one piece: what vouches for the pieces is the server's word alone. */
  readonly inPieces: boolean;
}

/**
 * @param address http, https, or file: then it is copied
 * @param file is written anew
 * @throws DOWNLOAD_FAILED with the address and the cause; the signal's reason; the system's error where `file` cannot be written
 */
export async function fetchFile(address: URL, file: string, options: FetchOptions): Promise<Fetched> {
  if (address.protocol === 'file:') return { bytes: copyHere(address, file, options.largest), inPieces: false };
  const { signal, timeLimit, stallLimit = usualStallLimit } = options;
  const limit = AbortSignal.timeout(timeLimit);
  const both = { ...options, stallLimit, signal: AbortSignal.any([signal, limit]) };
  try {
    return await fetchBounded(address, file, both);
  } catch (error) {
    signal.throwIfAborted();
    if (limit.aborted) throw failed(address, `it took longer than ${timeLimit / 1000} s`);
    throw error;
  }
}

async function fetchBounded(
  address: URL,
  file: string,
  options: FetchOptions & { readonly stallLimit: number },
): Promise<Fetched> {
  const begun: Begun = { bytes: 0, validator: undefined, length: undefined };
  let inPieces = false;
  for (let vain = 0; ;) {
    const before = begun.bytes;
    const end = await download(address, file, { ...options, begun });
    if (end.kind === 'done') return { bytes: end.bytes, inPieces };
    vain = begun.bytes > before ? 0 : vain + 1;
    const pause = pauses[vain - 1] ?? (vain === 0 ? 0 : undefined);
    if (!mayEndOtherwise(end) || pause === undefined) throw refused(address, end);
    options.onRetry(end.said);
    inPieces ||= begun.bytes > 0;
    await delay(pause, undefined, { signal: options.signal });
  }
}

/** RFC 9110, 15.5.9 and 15.6; RFC 6585, 4. */
function mayEndOtherwise(end: Exclude<DownloadEnd, { kind: 'done' }>): boolean {
  return end.kind === 'failed' ? end.again : end.status >= 500 || end.status === 408 || end.status === 429;
}

function refused(address: URL, end: Exclude<DownloadEnd, { kind: 'done' }>): CvtoolError {
  return failed(address, end.kind === 'refused' ? `bad response code: ${end.said.replace(/^status /, '')}` : end.said);
}

function failed(address: URL, why: string): CvtoolError {
  return new CvtoolError('DOWNLOAD_FAILED', `error downloading '${address.href}': ${why}`, {
    hint: "Look at the address, at this host's way to it (HTTP_PROXY, HTTPS_PROXY, NO_PROXY), and at who serves it.",
  });
}

/** A file of this host: of devices and pipes nobody knows when they end. */
function copyHere(address: URL, file: string, largest: number): number {
  const path = fileURLToPath(address);
  try {
    const stat = statSync(path);
    if (!stat.isFile()) throw failed(address, 'it is no regular file');
    if (stat.size > largest) throw failed(address, `it has ${stat.size} bytes, more than ${largest}`);
    rmSync(file, { force: true });
    copyFileSync(path, file, constants.COPYFILE_FICLONE);
    return stat.size;
  } catch (error) {
    if (hasCode(error, 'ENOSPC', 'EDQUOT') || error instanceof CvtoolError) throw error;
    throw failed(address, systemReason(error));
  }
}

// A file from its address that is the one whose checksum was given, or an error; and short texts.
import { readFileSync, rmSync } from 'node:fs';

import { CvtoolError } from '../errors/cvtool-error.js';
import { digestOfFile, isWeak, type Checksum, type TypedDigest } from './checksum.js';
import { fetchFile, type FetchOptions } from './fetch-file.js';
import { fileNameOf, parseSource } from './source.js';
import { digestInList } from './sums-list.js';

export interface CheckedOptions extends FetchOptions {
  /** undefined: nothing is compared. */
  readonly checksum: Checksum | undefined;
  readonly warn: (text: string) => void;
}

/** In bytes. */
const largestList = 1024 * 1024;

/**
 * @param file is written anew; what is in it counts only once this has returned
 * @returns its size in bytes
 * @throws CHECKSUM_MISMATCH, CHECKSUM_MISSING where a list has none of it, and as `fetchFile`
 */
export async function fetchChecked(address: URL, file: string, options: CheckedOptions): Promise<number> {
  const { checksum, warn } = options;
  const wanted = checksum === undefined ? undefined : await digestOf(checksum, address, file, options);
  if (wanted !== undefined && isWeak(wanted))
    warn(`${address.href}: ${wanted.type} is no protection against whoever changes the file on purpose`);
  let { bytes, inPieces } = await fetchFile(address, file, options);
  if (wanted === undefined) return bytes;
  let got = digestOfFile(file, wanted.type);
  if (got.hex !== wanted.hex && inPieces) {
    options.onRetry('the pieces are not of one file'); // so whatever vouched for them was wrong: once more, from the beginning
    ({ bytes, inPieces } = await fetchFile(address, file, options));
    got = digestOfFile(file, wanted.type);
  }
  if (got.hex === wanted.hex) return bytes;
  throw new CvtoolError('CHECKSUM_MISMATCH', `checksums did not match for ${address.href}`, {
    details: [`expected: ${wanted.type}:${wanted.hex}`, `got:      ${got.type}:${got.hex}`],
    hint: 'Nothing of it was kept. Either it was changed or damaged on its way, or the checksum is of another file.',
  });
}

/** @param file is written and removed again @throws as `fetchFile` */
export async function fetchText(address: URL, file: string, options: FetchOptions): Promise<string> {
  try {
    await fetchFile(address, file, options);
    return readFileSync(file, 'utf8');
  } finally {
    rmSync(file, { force: true });
  }
}

async function digestOf(checksum: Checksum, of: URL, file: string, options: FetchOptions): Promise<TypedDigest> {
  if (!('list' in checksum)) return checksum;
  const { address } = parseSource(checksum.list);
  const name = fileNameOf(of);
  const list = await fetchText(address, `${file}.sums`, {
    ...options,
    largest: largestList,
    onProgress: () => undefined,
  });
  const digest = digestInList(list, name);
  if (digest !== undefined) return digest;
  throw new CvtoolError('CHECKSUM_MISSING', `${address.href} has no checksum of ${name}`, {
    hint: 'It must be a list as sha256sum writes it, with that name in it.',
  });
}

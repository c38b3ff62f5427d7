// A checksum as go-getter takes it, with which cosmovisor downloads (go-getter, checksum.go): a digest with its type, one whose type
// its length tells, or the address of a list of them.
import { createHash } from 'node:crypto';

import { CvtoolError } from '../errors/cvtool-error.js';
import { feedFile } from '../evidence/feed-file.js';
import { quoted } from '../values/printable.js';

export type DigestType = 'md5' | 'sha1' | 'sha256' | 'sha512';

export interface TypedDigest {
  readonly type: DigestType;
  /** Lower case. */
  readonly hex: string;
}

/** A digest, or the address of a list in which it stands. */
export type Checksum = TypedDigest | { readonly list: string };

/** Hexadecimal digits. */
const lengths: Readonly<Record<DigestType, number>> = { md5: 32, sha1: 40, sha256: 64, sha512: 128 };
const types = Object.keys(lengths) as readonly DigestType[];

/**
 * @param text `sha256:HEX`, HEX of md5, sha1, sha256 or sha512, or `file:ADDRESS`
 * @param what it stands in, for the message
 * @throws CHECKSUM_INVALID
 */
export function parseChecksum(text: string, what: string): Checksum {
  const [, type = '', rest = ''] = /^(?:([^:]*):)?(.*)$/s.exec(text) ?? [];
  if (type === 'file' && rest !== '') return { list: rest };
  if (type !== '' && !isDigestType(type))
    throw invalid(`${what}: unsupported checksum type: ${quoted(type)}`, 'The types are md5, sha1, sha256 and sha512.');
  const digest = digestFrom(rest, type === '' ? undefined : type);
  if (digest !== undefined) return digest;
  const wanted = type === '' ? '' : ` ${type} has ${lengths[type]} hexadecimal digits.`;
  throw invalid(`${what}: ${quoted(text)} is no checksum`, `Give it as sha256:<64 hexadecimal digits>.${wanted}`);
}

/** @param type undefined: its length tells @returns undefined where it is none */
export function digestFrom(text: string, type: DigestType | undefined): TypedDigest | undefined {
  if (!/^[0-9a-f]+$/i.test(text)) return undefined;
  const found = type ?? types.find((each) => lengths[each] === text.length);
  return found !== undefined && lengths[found] === text.length ? { type: found, hex: text.toLowerCase() } : undefined;
}

export function isDigestType(text: string): text is DigestType {
  return (types as readonly string[]).includes(text);
}

/** @throws the system's error */
export function digestOfFile(path: string, type: DigestType): TypedDigest {
  return { type, hex: feedFile(path, createHash(type)).digest('hex') };
}

/** md5 and sha1: whoever wants to can make two files with the same one. */
export function isWeak({ type }: TypedDigest): boolean {
  return type === 'md5' || type === 'sha1';
}

function invalid(message: string, hint: string): CvtoolError {
  return new CvtoolError('CHECKSUM_INVALID', message, { hint });
}

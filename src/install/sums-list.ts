// The digest of one file out of a list, as `checksum=file:…` names one (go-getter, checksum.go: parseChecksumLine): lines as
// sha256sum(1) writes them, BSD's `SHA256 (name) = …`, or a single digest.
import { digestFrom, isDigestType, type TypedDigest } from './checksum.js';

/**
 * @param name the file's name, the last part of its address
 * @returns undefined where the list has none for it
 */
export function digestInList(text: string, name: string): TypedDigest | undefined {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '' && !line.startsWith('#'));
  for (const line of lines) {
    const entry = bsdEntry(line) ?? gnuEntry(line);
    if (entry !== undefined && entry.name.split('/').at(-1) === name) return entry.digest;
  }
  const [only = ''] = lines;
  return lines.length === 1 ? digestFrom(only.trim(), undefined) : undefined;
}

interface Entry {
  readonly name: string;
  readonly digest: TypedDigest;
}

/** `SHA256 (panacead.tar.gz) = 0123…` */
function bsdEntry(line: string): Entry | undefined {
  const [, type = '', name = '', hex = ''] = /^(\w+) \((.+)\) = ([0-9a-f]+)\s*$/i.exec(line) ?? [];
  const known = type.toLowerCase();
  const digest = isDigestType(known) ? digestFrom(hex, known) : undefined;
  return digest && { name, digest };
}

/** `0123…  panacead.tar.gz`, with `*` before the name for a binary file. */
function gnuEntry(line: string): Entry | undefined {
  const [, hex = '', name = ''] = /^([0-9a-f]+) [ *]?(.+?)\s*$/i.exec(line) ?? [];
  const digest = digestFrom(hex, undefined);
  return digest && { name: name.replace(/^\*/, ''), digest };
}

// Where a binary comes from: an address as cosmovisor's plans have them. `checksum` and `archive` are for whoever downloads (go-getter,
// client.go: Get) and are taken off; the rest is what the server is asked for, byte by byte.
import { pathToFileURL } from 'node:url';

import { CvtoolError } from '../errors/cvtool-error.js';
import { quoted } from '../values/printable.js';
import { parseChecksum, type Checksum } from './checksum.js';
import type { ArchiveFormat } from './unpack.js';

export interface Source {
  /** https, http or file. */
  readonly address: URL;
  readonly checksum: Checksum | undefined;
  /** undefined: the file is the binary itself. */
  readonly format: ArchiveFormat | undefined;
  /** The folder of the archive that counts, which stands behind `//` in the path. */
  readonly within: string | undefined;
}

/** By the ending of a path, or by `archive=`. */
const formats: Readonly<Record<string, ArchiveFormat>> = {
  ...{ tar: 'tar', zip: 'zip', gz: 'gz', bz2: 'bz2', xz: 'xz', zst: 'zst' },
  ...{ 'tar.gz': 'tar.gz', tgz: 'tar.gz', 'tar.bz2': 'tar.bz2', tbz2: 'tar.bz2' },
  ...{ 'tar.xz': 'tar.xz', txz: 'tar.xz', 'tar.zst': 'tar.zst', tzst: 'tar.zst' },
};

/** @param text an http, https or file URL, or an absolute path @throws ADDRESS_INVALID, CHECKSUM_INVALID */
export function parseSource(text: string): Source {
  const url = parseAddress(text);
  const parts = url.search.slice(1).split('&');
  const named = (wanted: string): string[] =>
    parts.filter((part) => nameOf(part) === wanted).map((part) => new URLSearchParams(part).get(wanted) ?? '');
  const checksums = named('checksum').filter((checksum) => checksum !== '');
  const [checksum] = checksums;
  if (new Set(checksums).size > 1) {
    throw new CvtoolError('CHECKSUM_INVALID', `${text} has ${checksums.length} checksums`, {
      hint: 'Leave one of them.',
    });
  }
  const [whole, within] = splitWithin(url.pathname);
  const address = new URL(url);
  address.pathname = whole;
  address.search = parts.filter((part) => !['checksum', 'archive'].includes(nameOf(part))).join('&');
  address.hash = '';
  const format = formatFrom(named('archive')[0] ?? '', whole, text);
  return { address, format, within, checksum: checksum === undefined ? undefined : parseChecksum(checksum, text) };
}

/** @param path absolute, of a file on this host: nothing in it is a query */
export function sourceOfFile(path: string): Source {
  return { address: pathToFileURL(path), checksum: undefined, format: formatOf(path), within: undefined };
}

/** Is it an address, rather than the path of a file? */
export function isAddress(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
}

/** The file's name, the last part of the address. */
export function fileNameOf({ pathname }: URL): string {
  return decoded(pathname.split('/').at(-1) ?? '');
}

function parseAddress(text: string): URL {
  const [, forced] = /^([A-Za-z0-9]+)::/.exec(text) ?? [];
  if (forced !== undefined) throw invalid(text, `asks for ${quoted(forced)}, which is not used here`);
  if (text.startsWith('/')) {
    const [path = '', ...query] = text.split('?');
    const url = pathToFileURL(path);
    url.search = query.join('?');
    return url;
  }
  if (!isAddress(text) || !URL.canParse(text)) throw invalid(text, 'is no address');
  const url = new URL(text);
  if (!['http:', 'https:', 'file:'].includes(url.protocol))
    throw invalid(text, `is of a kind that is not used here: ${url.protocol}`);
  if (url.protocol === 'file:' && url.host !== '') throw invalid(text, 'names a host, and is to be a file on this one');
  return url;
}

/** go-getter, source.go: SourceDirSubdir. */
function splitWithin(pathname: string): readonly [string, string | undefined] {
  const at = pathname.indexOf('//', 1);
  if (at === -1) return [pathname, undefined];
  const within = decoded(pathname.slice(at + 2)).replace(/\/+$/, '');
  return [pathname.slice(0, at), within === '' ? undefined : within];
}

function formatFrom(asked: string, path: string, text: string): ArchiveFormat | undefined {
  if (asked === '' || /^(?:1|t|true)$/i.test(asked)) return formatOf(path);
  if (/^(?:0|f|false)$/i.test(asked)) return undefined; // Go's strconv.ParseBool
  const format = Object.hasOwn(formats, asked) ? formats[asked] : undefined;
  if (format !== undefined) return format;
  throw invalid(text, `asks for archive=${asked}, which nobody knows`, `Known are ${Object.keys(formats).join(', ')}.`);
}

/** By the longest ending that is known. */
function formatOf(path: string): ArchiveFormat | undefined {
  const name = path.toLowerCase();
  const [ending] = Object.keys(formats)
    .filter((each) => name.endsWith(`.${each}`))
    .sort((a, b) => b.length - a.length);
  return ending === undefined ? undefined : formats[ending];
}

function nameOf(part: string): string {
  return decoded(part.split('=')[0] ?? '');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}

function invalid(
  text: string,
  why: string,
  hint = 'It must be https://…, http://…, file:///… or an absolute path.',
): CvtoolError {
  return new CvtoolError('ADDRESS_INVALID', `${quoted(text)} ${why}`, { hint });
}

// What nodes make of the info of a plan, judged by its text alone: nothing is fetched. The rules are those of cosmovisor 1.4 to
// 1.7.1 and of go-getter, with which it downloads (x/upgrade/plan, Info.ValidateBasic; cosmovisor, GetBinaryURL).
import { platformFrom } from '../values/platform.js';
import { quoted } from '../values/printable.js';

export interface LintRow {
  readonly status: 'pass' | 'warn' | 'fail';
  readonly text: string;
  readonly hint?: string | undefined;
}

const digestLengths: Readonly<Record<string, number>> = { md5: 32, sha1: 40, sha256: 64, sha512: 128 };
const archiveEnding = /\.(?:tar|tar\.gz|tgz|tar\.bz2|tbz2|tar\.xz|txz|tar\.zst|tzst|zip)$/i;
const packedEnding = /\.(?:gz|bz2|xz|zst)$/i;
const shape = 'It must be {"binaries":{"linux/amd64":"https://…?checksum=sha256:…"}}: `cvtool plan-info` makes it.';

/** @param text the plan's `info` @param fetched somebody else fetches what it names, and judges that */
export function lintPlanInfo(text: string, { fetched = false } = {}): readonly LintRow[] {
  const info = text.trim(); // blanks around it are cut by the node too
  if (info === '') return [fail('it is empty: no node can download anything', shape)];
  if (isReference(info)) return referenceRows(info, fetched);
  let value: unknown;
  try {
    value = JSON.parse(info);
  } catch {
    return [fail(`it is neither JSON nor an address: ${quoted(info)}`, shape)];
  }
  const record = isRecord(value) ? value : {};
  const key = Object.keys(record).find((name) => name.toLowerCase() === 'binaries'); // as Go's encoding/json takes it
  const binaries = key === undefined ? undefined : record[key];
  if (key === undefined) {
    const near = Object.keys(record).find((name) => /^binar/i.test(name));
    return [fail(near === undefined ? 'it has no "binaries"' : `"binaries" is spelled ${quoted(near)}`, shape)];
  }
  if (!isRecord(binaries)) return [fail(`${quoted(key)} is no list of platforms with their addresses`, shape)];
  const entries = Object.entries(binaries);
  if (entries.length === 0) return [fail('"binaries" is empty: no node can download anything', shape)];
  return [...entries.flatMap(([key, url]) => entryRows(key, url)), ...coverageRows(entries.map(([key]) => key))];
}

function isReference(text: string): boolean {
  return /^(?:[a-z][a-z0-9+.-]*:\/\/|\/)/i.test(text);
}

function referenceRows(address: string, fetched: boolean): LintRow[] {
  const row = {
    status: 'warn' as const,
    text: `it is the address of a document, which is not fetched here: ${quoted(address)}`,
  };
  const hint = '--fetch fetches it. Who holds the address decides what nodes run.';
  return [...(fetched ? [] : [{ ...row, hint }]), ...urlRows('the document', address, { isDocument: true })];
}

function entryRows(key: string, url: unknown): LintRow[] {
  const rows = keyRows(key);
  if (typeof url === 'string') return [...rows, ...urlRows(key, url, { isDocument: false })];
  return [...rows, fail(`the value of ${quoted(key)} is no text: the node refuses all of the info`, shape)];
}

function keyRows(key: string): LintRow[] {
  if (key === 'any') return [];
  const platform = platformFrom(key);
  if (platform === key) return [];
  if (platform !== undefined) {
    return [fail(`${quoted(key)} is not how Go names it: no node looks there`, `Write ${quoted(platform)}.`)];
  }
  if (/^[a-z0-9]+\/[a-z0-9]+$/i.test(key)) {
    return [warn(`${quoted(key)} is no platform that is known here`, 'Go names them as `go env GOOS GOARCH` does.')];
  }
  return [
    fail(`${quoted(key)} is no <os>/<arch>: cosmovisor 1.5 to 1.7.0 refuses all of the info`, 'Such as "linux/amd64".'),
  ];
}

function coverageRows(keys: readonly string[]): LintRow[] {
  if (keys.includes('any') || keys.includes('linux/amd64')) return [];
  return [warn('nodes on linux/amd64 find nothing: there is neither "linux/amd64" nor "any"')];
}

function urlRows(key: string, text: string, { isDocument }: { isDocument: boolean }): LintRow[] {
  if (/[\s\p{Cc}]/u.test(text)) return [fail(`${key}: there is a blank or a control character in ${quoted(text)}`)];
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return [fail(`${key}: ${quoted(text)} is no URL`, 'A whole one is needed: https://host/path.')];
  }
  if (!['http:', 'https:'].includes(url.protocol)) {
    const hint = 'Only http and https work for everybody.';
    return [warn(`${key}: ${quoted(text)} is nothing that a node fetches over the network in the usual way`, hint)];
  }
  const rows = [
    ...(url.username === '' ? [] : [fail(`${key}: a user or password stands in the address, and a plan is public`)]),
    ...checksumRows(key, url),
    ...(isDocument ? [] : pathRows(key, url)),
  ];
  return rows.length > 0 ? rows : [{ status: 'pass', text: `${key}: ${whatItIs(url)}, with its sha256` }];
}

function checksumRows(key: string, url: URL): LintRow[] {
  const checksums = url.searchParams.getAll('checksum');
  const hint = 'Put ?checksum=sha256:<64 digits> behind the address, of the file as it is served.';
  const [checksum] = checksums;
  if (checksum === undefined) {
    const wrong = [...url.searchParams.keys()].find((name) => /^(?:check_?sum|sha-?256)$/i.test(name));
    if (wrong !== undefined)
      return [fail(`${key}: the checksum is spelled ${quoted(wrong)}, and is not looked at`, hint)];
    if (url.hash.includes('checksum')) return [fail(`${key}: the checksum stands behind #, where nobody looks`, hint)];
    const text =
      'no checksum: nodes run whatever is served, and those with DAEMON_DOWNLOAD_MUST_HAVE_CHECKSUM=true refuse it';
    return [url.protocol === 'http:' ? fail(`${key}: ${text}`, hint) : warn(`${key}: ${text}`, hint)];
  }
  if (checksums.length > 1) return [fail(`${key}: there are ${checksums.length} checksums`, hint)];
  if (checksum.startsWith('file:')) {
    return [warn(`${key}: the checksum is fetched too: who serves the one can serve the other`, hint)];
  }
  const [, type = '', digits = ''] = /^(?:([^:]*):)?(.*)$/.exec(checksum) ?? [];
  const length = digestLengths[type];
  if (type !== '' && length === undefined)
    return [fail(`${key}: no node knows the checksum type ${quoted(type)}`, hint)];
  const fits = length === undefined ? Object.values(digestLengths).includes(digits.length) : digits.length === length;
  if (!fits || !/^[0-9a-f]+$/i.test(digits)) return [fail(`${key}: ${quoted(checksum)} is no checksum`, hint)];
  if (digits.length < 64) return [warn(`${key}: md5 and sha1 vouch for nothing any more`, hint)];
  return [];
}

function pathRows(key: string, url: URL): LintRow[] {
  const archive = url.searchParams.get('archive');
  const path = url.pathname;
  if (path.endsWith('/')) return [fail(`${key}: ${quoted(url.href)} is a folder, not a file`)];
  const rows: LintRow[] = [];
  if (path.includes('//')) rows.push(warn(`${key}: behind // go-getter takes a folder within the archive`));
  if (/^(?:www\.)?github\.com$/.test(url.hostname) && /^\/[^/]+\/[^/]+\/(?:blob|tree|releases\/tag)\//.test(path)) {
    rows.push(
      fail(`${key}: that is a page about the file`, 'Take the address of the download: …/releases/download/….'),
    );
  }
  if (archive === 'false' && (archiveEnding.test(path) || packedEnding.test(path))) {
    rows.push(fail(`${key}: archive=false: the archive itself would be installed as the binary`));
  }
  return rows;
}

function whatItIs({ pathname }: URL): string {
  if (archiveEnding.test(pathname)) return 'an archive';
  return packedEnding.test(pathname) ? 'one packed file' : 'a file that is taken as the binary itself';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fail(text: string, hint?: string): LintRow {
  return { status: 'fail', text, hint };
}

function warn(text: string, hint?: string): LintRow {
  return { status: 'warn', text, hint };
}

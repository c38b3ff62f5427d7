// Which binary the info of a plan names for this platform (cosmos-sdk, x/upgrade/plan: Info, GetDownloadURL): the info is JSON with
// `binaries`, or the address of such a document.
import { CvtoolError, messageOf } from '../errors/cvtool-error.js';
import type { Platform } from '../values/platform.js';
import { quoted } from '../values/printable.js';
import { parseSource, type Source } from './source.js';

export interface PlanBinaryOptions {
  readonly platform: Platform;
  /** DAEMON_DOWNLOAD_MUST_HAVE_CHECKSUM: of the document's address, and of the binary's. */
  readonly mustHaveChecksum: boolean;
  /** The text of a document that the info is the address of: fetched, and its checksum compared. */
  readonly fetchDocument: (source: Source) => Promise<string>;
}

export interface PlanBinary {
  /** As the plan spells it. */
  readonly url: string;
  readonly source: Source;
}

/**
 * @param info the plan's
 * @throws PLAN_INFO_INVALID, ADDRESS_INVALID, CHECKSUM_INVALID, CHECKSUM_MISSING, and what `fetchDocument` throws
 */
export async function planBinary(info: string, options: PlanBinaryOptions): Promise<PlanBinary> {
  const text = info.trim();
  if (text === '') throw unusable('plan info must not be blank: it names no binary');
  const binaries = isReference(text) ? await binariesAt(text, options) : binariesIn(text, 'plan info');
  const { platform } = options;
  const url = binaries.get(platform) ?? binaries.get('any');
  if (url === undefined) {
    throw unusable(`cannot find binary for os/arch: neither ${platform}, nor any`, [
      `It names: ${[...binaries.keys()].map((key) => quoted(key)).join(', ') || 'nothing'}.`,
    ]);
  }
  return { url, source: vouched(parseSource(url), url, options) };
}

/** Is the info the address of a document, rather than one? */
export function isReference(text: string): boolean {
  return text.startsWith('/') || /^[a-z][a-z0-9+.-]*:/i.test(text);
}

async function binariesAt(text: string, options: PlanBinaryOptions): Promise<ReadonlyMap<string, string>> {
  const document = await options.fetchDocument(vouched(parseSource(text), text, options));
  if (document.trim() === '') throw unusable(`no content returned by ${quoted(text)}`);
  return binariesIn(document, text);
}

function vouched(source: Source, text: string, { mustHaveChecksum }: PlanBinaryOptions): Source {
  if (source.checksum !== undefined || !mustHaveChecksum) return source;
  throw new CvtoolError('CHECKSUM_MISSING', `missing checksum query parameter in ${text}`, {
    hint: 'DAEMON_DOWNLOAD_MUST_HAVE_CHECKSUM=true takes an address with ?checksum=sha256:… alone.',
  });
}

/**
 * As Go's encoding/json reads it: a key in any case, and every value a text.
 * @param where it stands, for the message
 * @returns the addresses by their platforms
 * @throws PLAN_INFO_INVALID
 */
export function binariesIn(text: string, where: string): ReadonlyMap<string, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw unusable(`could not parse ${where}: ${messageOf(error)}`);
  }
  const [, binaries] = isRecord(value)
    ? (Object.entries(value).find(([key]) => key.toLowerCase() === 'binaries') ?? [])
    : [];
  if (!isRecord(binaries)) throw unusable(`could not parse ${where}: it doesn't contain a binary map`);
  return new Map(
    Object.entries(binaries).map(([key, url]) => {
      if (typeof url === 'string') return [key, url];
      throw unusable(`could not parse ${where}: the value of ${quoted(key)} is no text`);
    }),
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unusable(message: string, details: readonly string[] = []): CvtoolError {
  return new CvtoolError('PLAN_INFO_INVALID', message, {
    details,
    hint: 'It must be {"binaries":{"linux/amd64":"https://…?checksum=sha256:…"}}, or the address of such a document.',
  });
}

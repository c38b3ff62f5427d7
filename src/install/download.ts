// One request for a file, from an http(s) address into a file of ours: through the proxies of the environment, with a bound on its size
// and on the time without a byte. Who asked decides what a refusal means, and whether to ask again.
import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';

import { EnvHttpProxyAgent, request, type Dispatcher } from 'undici';

import type { Environment } from '../config/environment.js';
import { CvtoolError, hasCode, messageOf } from '../errors/cvtool-error.js';
import { quoted } from '../values/printable.js';

export type DownloadEnd =
  | { readonly kind: 'done'; readonly bytes: number }
  | { readonly kind: 'refused'; readonly status: number; readonly said: string }
  /** No answer, a broken one, or more than was allowed. `again`: the next request may end otherwise. */
  | { readonly kind: 'failed'; readonly said: string; readonly again: boolean };

/** What there is of a file so far. A request that is handed one goes on from there, where the server still has that very file. */
export interface Begun {
  bytes: number;
  /** By which the server tells that it is the same file: a strong ETag, or the time of its last change (RFC 9110, 13.1.5). */
  validator: string | undefined;
  /** The whole length, where the server said it. */
  length: number | undefined;
}

export interface DownloadOptions {
  readonly environment: Environment;
  readonly signal: AbortSignal;
  /** Milliseconds without a byte after which it is given up. */
  readonly stallLimit: number;
  /** In bytes: more is not written. */
  readonly largest: number;
  /** Bytes so far, and of how many, where the server says so. */
  readonly onProgress: (bytes: number, of: number | undefined) => void;
  /** Kept up to date while bytes come in. */
  readonly begun?: Begun | undefined;
}

/** Go's http.Client follows as many. */
const mostRedirects = 10;

/**
 * @param file is written anew, but for what `begun` says that there is of it
 * @throws the signal's reason, the system's error where `file` cannot be written, CONFIG_INVALID for a proxy of another kind
 */
export async function download(url: URL, file: string, options: DownloadOptions): Promise<DownloadEnd> {
  let at = url;
  for (let redirects = 0; redirects <= mostRedirects; redirects += 1) {
    const agent = agentFor(at, options);
    try {
      const answer = await ask(at, url, agent, options);
      const next = redirectOf(answer, at);
      if (next === undefined) return await take(answer, file, options);
      await answer.body.dump();
      const why = whyNotFollowed(at, next);
      if (why !== undefined) return { kind: 'failed', said: why, again: false };
      at = next;
    } catch (error) {
      options.signal.throwIfAborted();
      if (isOfTheDisk(error)) throw error;
      return { kind: 'failed', said: sayWhy(error, options.stallLimit), again: true };
    } finally {
      await agent.destroy();
    }
  }
  return {
    kind: 'failed',
    said: `it leads on from address to address, more than ${mostRedirects} times`,
    again: false,
  };
}

function whyNotFollowed(from: URL, to: URL): string | undefined {
  if (to.protocol === 'nowhere:') return 'it leads on to what is no address';
  if (!/^https?:$/.test(to.protocol)) return `it leads on to ${to.protocol}`;
  return from.protocol === 'https:' && to.protocol === 'http:' ? 'it leads on from https to http' : undefined;
}

function ask(at: URL, first: URL, dispatcher: Dispatcher, { signal, stallLimit, begun }: DownloadOptions) {
  const { username, password } = first;
  const account = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const isOwner = username !== '' && at.origin === first.origin; // a password goes to nobody else
  const headers = {
    'accept-encoding': 'identity',
    ...(isOwner ? { authorization: `Basic ${Buffer.from(account).toString('base64')}` } : {}),
    ...(canGoOn(begun) ? { range: `bytes=${begun.bytes}-`, 'if-range': begun.validator } : {}),
  };
  const address = new URL(at);
  address.username = address.password = '';
  return request(address, {
    ...{ dispatcher, signal, headers, headersTimeout: stallLimit, bodyTimeout: stallLimit, highWaterMark: unheard },
  });
}

/**
 * The variables as Go's http.ProxyFromEnvironment takes them: HTTPS_PROXY for https, HTTP_PROXY for http, NO_PROXY, and this very
 * host without any. SSL_CERT_FILE, where there is one, holds the authorities that are trusted.
 */
function agentFor(at: URL, { environment, stallLimit }: DownloadOptions): Dispatcher {
  const isHere = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(at.hostname);
  const proxy = isHere ? '' : proxyFrom(environment, at.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY');
  const { SSL_CERT_FILE: authorities } = environment;
  const tls = authorities !== undefined && existsSync(authorities) ? { ca: readFileSync(authorities) } : {};
  return new EnvHttpProxyAgent({
    httpProxy: proxy,
    httpsProxy: proxy,
    noProxy: eitherCase(environment, 'NO_PROXY') ?? '',
    proxyTunnel: false, // CONNECT for https only: many proxies refuse it for http
    connect: { timeout: Math.min(stallLimit, 30_000), ...tls },
    requestTls: tls,
    proxyTls: tls,
  });
}

/** @returns '' for none @throws CONFIG_INVALID for a kind of proxy that is not used, such as socks5 */
function proxyFrom(environment: Environment, name: 'HTTP_PROXY' | 'HTTPS_PROXY'): string {
  const given = eitherCase(environment, name);
  if (given === undefined) return '';
  const address = given.includes('://') ? given : `http://${given}`;
  if (/^https?:\/\/[^/]/.test(address) && URL.canParse(address)) return address;
  throw new CvtoolError('CONFIG_INVALID', `${name}: ${quoted(given)} is no proxy of the kind that is used here`, {
    hint: 'It must be http://host:port or https://host:port.',
  });
}

function eitherCase(environment: Environment, name: string): string | undefined {
  return environment[name] ?? environment[name.toLowerCase()];
}

function redirectOf({ statusCode, headers }: Dispatcher.ResponseData, at: URL): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(statusCode) || typeof headers.location !== 'string') return undefined;
  return URL.canParse(headers.location, at.href) ? new URL(headers.location, at) : new URL('nowhere:');
}

type CanGoOn = Begun & { readonly validator: string };

function canGoOn(begun: Begun | undefined): begun is CanGoOn {
  return begun !== undefined && begun.bytes > 0 && begun.validator !== undefined;
}

async function take(
  { statusCode, headers, body }: Dispatcher.ResponseData,
  file: string,
  options: DownloadOptions,
): Promise<DownloadEnd> {
  const begun = options.begun ?? { bytes: 0, validator: undefined, length: undefined };
  const goesOn = statusCode === 206 && canGoOn(begun);
  if (statusCode === 416 || (statusCode === 206 && !(goesOn && fits(headers, begun)))) {
    forget(begun);
    return { kind: 'failed', said: 'the file has changed while it was fetched', again: true };
  }
  if (!goesOn && statusCode !== 200) {
    const said = await firstWords(body);
    return { kind: 'refused', status: statusCode, said: `status ${statusCode}${said === '' ? '' : ` (${said})`}` };
  }
  if (!goesOn) {
    forget(begun);
    begun.validator = validatorOf(headers);
    begun.length = lengthOf(headers);
  }
  const { length } = begun;
  if (length !== undefined && length > options.largest)
    return { kind: 'failed', said: `it sends ${length} bytes, more than ${options.largest}`, again: false };
  const fd = openSync(file, goesOn ? 'r+' : 'w');
  try {
    return await writeAll(body, fd, begun, options);
  } finally {
    closeSync(fd);
  }
}

/**
 * Each chunk is on its way to the disk when the next one is taken, so the parser is never told to wait: undici 7 ends the process where
 * the server closes a connection whose parser waits (nodejs/undici 5360).
 */
function writeAll(
  body: Dispatcher.ResponseData['body'],
  fd: number,
  begun: Begun,
  { largest, onProgress }: DownloadOptions,
): Promise<DownloadEnd> {
  return new Promise((resolve, reject) => {
    const finish = (end: DownloadEnd): void => {
      resolve(end);
      body.destroy();
    };
    body.once('error', reject);
    body.once('close', () => reject(new Error('the connection was closed before the end')));
    body.once('end', () => resolve({ kind: 'done', bytes: begun.bytes }));
    body.on('data', (chunk: Buffer) => {
      try {
        if (begun.bytes + chunk.length > largest)
          return finish({ kind: 'failed', said: `it sends more than ${largest} bytes`, again: false });
        for (let at = 0; at < chunk.length; at += writeSync(fd, chunk, at, chunk.length - at, begun.bytes + at));
        begun.bytes += chunk.length;
        onProgress(begun.bytes, begun.length);
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
        body.destroy();
      }
    });
  });
}

/** In bytes: what may come in before somebody listens. */
const unheard = 16 * 1024 * 1024;

function forget(begun: Begun): void {
  begun.bytes = 0;
  begun.validator = begun.length = undefined;
}

type Headers = Dispatcher.ResponseData['headers'];

/** `content-range: bytes 100-199/200` of the file that was begun? */
function fits(headers: Headers, { bytes, validator, length }: CanGoOn): boolean {
  const [, from, of] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(String(headers['content-range'])) ?? [];
  const same = validatorOf(headers);
  const isSameLength = length === undefined || of === '*' || Number(of) === length;
  return Number(from) === bytes && (same === undefined || same === validator) && isSameLength;
}

function validatorOf({ etag, 'last-modified': time }: Headers): string | undefined {
  if (typeof etag === 'string' && etag.startsWith('"')) return etag; // `W/"…"` vouches for no bytes
  return typeof time === 'string' ? time : undefined;
}

function lengthOf({ 'content-length': text }: Headers): number | undefined {
  const length = typeof text === 'string' ? Number(text) : Number.NaN;
  return Number.isSafeInteger(length) ? length : undefined;
}

/** What a server says of its refusal: the first line, at most 200 characters; nothing of a page. */
async function firstWords(body: Dispatcher.ResponseData['body']): Promise<string> {
  let text = '';
  for await (const chunk of body as AsyncIterable<Buffer>) {
    text += chunk.toString();
    if (text.length > 1000) break;
  }
  const [line = ''] = text.trim().split(/[\r\n]/);
  return line.startsWith('<') ? '' : line.slice(0, 200); // a page for a browser
}

function isOfTheDisk(error: unknown): boolean {
  return hasCode(error, 'ENOSPC', 'EDQUOT', 'EACCES', 'EROFS', 'EEXIST', 'EIO');
}

/** In the words of the system, without Node's code and call before them. */
const inWords: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset by peer',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name of the host cannot be looked up now',
  ETIMEDOUT: 'connection timed out',
  UND_ERR_CONNECT_TIMEOUT: 'connection timed out',
  UND_ERR_SOCKET: 'the connection was closed before the end',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'it ended before the length that was told',
};

function sayWhy(error: unknown, stallLimit: number): string {
  if (hasCode(error, 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT')) return `no byte for ${stallLimit / 1000} s`;
  const causes: readonly unknown[] = error instanceof AggregateError ? error.errors : []; // an address of each family
  if (causes.length > 0) return [...new Set(causes.map((cause) => sayWhy(cause, stallLimit)))].join('; ');
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const words = inWords[code];
  const [, where] = / ((?:\d+\.){3}\d+:\d+|\S*:\d+)$/.exec(messageOf(error)) ?? [];
  if (words === undefined)
    return messageOf(error).replace(/^[0-9A-F]+:error:[0-9A-F]+:([^:]*):[^:]*:([^:]*):[^]*$/, '$1: $2'); // OpenSSL
  return `${words}${where === undefined ? '' : ` (${where})`}`;
}

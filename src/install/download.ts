// One file from an http(s) address into a file of ours: through the proxies of the environment, with a bound on its size and on
// the time without a byte. Who asked decides what a refusal means.
import { createWriteStream, existsSync, readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { EnvHttpProxyAgent, request, type Dispatcher } from 'undici';

import type { Environment } from '../config/environment.js';
import { CvtoolError, hasCode, messageOf } from '../errors/cvtool-error.js';
import { quoted } from '../values/printable.js';

export type DownloadEnd =
  | { readonly kind: 'done'; readonly bytes: number }
  | { readonly kind: 'refused'; readonly status: number; readonly said: string }
  /** No answer, a broken one, or more than was allowed. */
  | { readonly kind: 'failed'; readonly said: string };

export interface DownloadOptions {
  readonly environment: Environment;
  readonly signal: AbortSignal;
  /** Milliseconds without a byte after which it is given up. */
  readonly stallLimit: number;
  /** In bytes: more is not written. */
  readonly largest: number;
  /** Bytes so far, and of how many, where the server says so. */
  readonly onProgress: (bytes: number, of: number | undefined) => void;
}

/** Go's http.Client follows as many. */
const mostRedirects = 10;

/**
 * @param file must not be there yet
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
      if (!/^https?:$/.test(next.protocol)) return { kind: 'failed', said: `it leads on to ${next.protocol}` };
      at = next;
    } catch (error) {
      options.signal.throwIfAborted();
      if (isOfTheDisk(error)) throw error;
      return { kind: 'failed', said: sayWhy(error, options.stallLimit) };
    } finally {
      await agent.destroy();
    }
  }
  return { kind: 'failed', said: `it leads on from address to address, more than ${mostRedirects} times` };
}

function ask(at: URL, first: URL, dispatcher: Dispatcher, { signal, stallLimit }: DownloadOptions) {
  const { username, password } = first;
  const account = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const isOwner = username !== '' && at.origin === first.origin; // a password goes to nobody else
  const headers = isOwner ? { authorization: `Basic ${Buffer.from(account).toString('base64')}` } : {};
  const address = new URL(at);
  address.username = address.password = '';
  return request(address, { dispatcher, signal, headers, headersTimeout: stallLimit, bodyTimeout: stallLimit });
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
  return new URL(headers.location, at);
}

async function take(
  { statusCode, headers, body }: Dispatcher.ResponseData,
  file: string,
  { signal, largest, onProgress }: DownloadOptions,
): Promise<DownloadEnd> {
  if (statusCode !== 200) {
    const said = await firstWords(body);
    return { kind: 'refused', status: statusCode, said: `status ${statusCode}${said === '' ? '' : ` (${said})`}` };
  }
  const length = Number(headers['content-length'] ?? Number.NaN);
  const of = Number.isSafeInteger(length) ? length : undefined;
  if (of !== undefined && of > largest) return { kind: 'failed', said: `it sends ${of} bytes, more than ${largest}` };
  const seen = { bytes: 0 };
  const counted = async function* (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      seen.bytes += chunk.length;
      if (seen.bytes > largest) return;
      onProgress(seen.bytes, of);
      yield chunk;
    }
  };
  await pipeline(Readable.from(counted(body)), createWriteStream(file, { flags: 'wx' }), { signal });
  if (seen.bytes > largest) return { kind: 'failed', said: `it sends more than ${largest} bytes` };
  return { kind: 'done', bytes: seen.bytes };
}

/** What a server says of its refusal: the first line, at most 200 characters. */
async function firstWords(body: Dispatcher.ResponseData['body']): Promise<string> {
  let text = '';
  for await (const chunk of body as AsyncIterable<Buffer>) {
    text += chunk.toString();
    if (text.length > 1000) break;
  }
  return (text.trim().split(/[\r\n]/)[0] ?? '').slice(0, 200);
}

function isOfTheDisk(error: unknown): boolean {
  return hasCode(error, 'ENOSPC', 'EDQUOT', 'EACCES', 'EROFS', 'EEXIST', 'EIO');
}

function sayWhy(error: unknown, stallLimit: number): string {
  if (hasCode(error, 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT')) return `no byte for ${stallLimit / 1000} s`;
  const causes = error instanceof AggregateError ? error.errors.map(messageOf).join('; ') : ''; // an address of each family
  return causes === '' ? messageOf(error) : causes;
}

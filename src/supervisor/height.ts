// How the node is asked for its height: by RPC where its address is known, else by the binary's `status`. No answer is an answer.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { isSystemError } from '../errors/cvtool-error.js';
import { flagValue } from './arguments.js';
import { runHelper } from './helper-process.js';

/** Milliseconds for one call; RPC, whose port may be held by something that never answers, leaves time for `status`. */
const limit = 5000;
const rpcLimit = 2000;

export interface HeightQuestion {
  /** DAEMON_HOME. */
  readonly home: string;
  readonly args: readonly string[];
  readonly binary: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Held open by what is run. */
  readonly lockFile: string;
  /** Ends the question and its process; the height is then undefined. */
  readonly signal: AbortSignal;
}

/** Asks once. */
export async function askHeight(question: HeightQuestion): Promise<number | undefined> {
  const { signal } = question;
  const address = rpcAddress(question);
  const told = address === undefined ? undefined : heightIn(await fetchStatus(address, signal));
  if (told !== undefined || signal.aborted) return told;
  return runStatus(question);
}

/** `rpc.laddr` of the arguments, else of config/config.toml; undefined where neither says it: a port may be another node's. */
export function rpcAddress({
  home,
  args,
}: Pick<HeightQuestion, 'home' | 'args'>): { host: string; port: number } | undefined {
  const text =
    flagValue(args, '--rpc.laddr') ?? laddrOfConfig(join(flagValue(args, '--home') ?? home, 'config/config.toml'));
  const [, written = '', port = ''] = /^(?:tcp|http):\/\/(\[[^\]]*\]|[^:/]*):(\d{1,5})\/?$/.exec(text ?? '') ?? [];
  if (port === '' || Number(port) > 65535 || Number(port) === 0) return undefined;
  const name = written.replace(/^\[|\]$/g, '');
  const host = name === '' || name === '0.0.0.0' ? '127.0.0.1' : name === '::' ? '::1' : name; // where it listens on all, ours is one
  return { host, port: Number(port) };
}

/** `laddr` of the table `[rpc]`: a line of CometBFT's own template, which it writes and reads in this form. */
function laddrOfConfig(file: string): string | undefined {
  let table = '';
  for (const line of linesOf(file)) {
    const header = /^\s*\[([^\]]+)\]/.exec(line)?.[1];
    if (header !== undefined) table = header.trim();
    const value = /^\s*laddr\s*=\s*["']([^"']*)["']/.exec(line)?.[1];
    if (table === 'rpc' && value !== undefined) return value;
  }
  return undefined;
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch (error) {
    if (isSystemError(error)) return []; // the node says what is wrong with its configuration
    throw error;
  }
}

async function fetchStatus({ host, port }: { host: string; port: number }, signal: AbortSignal): Promise<string> {
  const { get } = await import('node:http'); // a node without an RPC address never needs it, and it costs memory
  return new Promise((resolve) => {
    const request = get({ host, port, path: '/status', signal, agent: false }, (response) => {
      let text = '';
      response
        .setEncoding('utf8')
        .on('data', (piece: string) => (text = (text + piece).slice(0, longestAnswer)))
        .on('end', () => resolve(text))
        .on('error', () => resolve(''));
    });
    const timer = setTimeout(() => request.destroy(), rpcLimit);
    request
      .on('error', () => resolve('')) // refused, reset, cancelled: no answer
      .on('close', () => {
        clearTimeout(timer);
        resolve('');
      });
  });
}

const longestAnswer = 1 << 20;

async function runStatus({ binary, home, environment, lockFile, signal }: HeightQuestion): Promise<number | undefined> {
  const end = new AbortController();
  const abort = (): void => end.abort();
  const timer = setTimeout(abort, limit);
  signal.addEventListener('abort', abort);
  const status = { file: binary, args: ['status', '--home', home], folder: undefined, environment, lockFile };
  const { stdout, stderr } = await runHelper({ ...status, signal: end.signal });
  clearTimeout(timer);
  signal.removeEventListener('abort', abort);
  return signal.aborted ? undefined : (heightIn(stdout) ?? heightIn(stderr));
}

/** The height in an answer: an object with `sync_info` or `SyncInfo`, whatever lines stand around it. */
export function heightIn(answer: string): number | undefined {
  for (let at = answer.indexOf('{'); at !== -1; at = answer.indexOf('{', at + 1)) {
    const told = heightOf(objectAt(answer, at));
    if (told !== undefined) return told;
  }
  return undefined;
}

function objectAt(text: string, start: number): unknown {
  let depth = 0;
  let quoted = false;
  for (let at = start; at < text.length; at += 1) {
    const c = text[at];
    if (quoted) {
      if (c === '\\') at += 1;
      else if (c === '"') quoted = false;
    } else if (c === '"') quoted = true;
    else if (c === '{') depth += 1;
    else if (c === '}') {
      depth -= 1;
      if (depth === 0) return parsed(text.slice(start, at + 1));
    }
  }
  return undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // a line of a log, not the answer
  }
}

function heightOf(value: unknown): number | undefined {
  const result = field(value, 'result') ?? value;
  const sync = field(result, 'sync_info') ?? field(result, 'SyncInfo');
  const height = field(sync, 'latest_block_height');
  const number = typeof height === 'string' && /^\d{1,15}$/.test(height) ? Number(height) : height;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

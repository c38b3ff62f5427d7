// Fetching from servers that cut, stall, lie and lead astray: the whole file, or one clear error and a bound on what was written.
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { beforeEach, describe, expect, test } from 'vitest';

import { fetchFile, type FetchOptions } from '../../src/install/fetch-file.js';
import { loopbackServer, sends, type Answer } from '../support/loopback-server.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
const body = randomBytes(3_000_000);
const etag = '"one"';

let file: string;
beforeEach(() => {
  file = join(mkdtempSync(join(scratch, 'at-')), 'file');
});

const retries: string[] = [];
beforeEach(() => void retries.splice(0));

function fetched(address: string, more: Partial<FetchOptions> = {}) {
  return fetchFile(new URL(address), file, {
    environment: {},
    signal: new AbortController().signal,
    timeLimit: 60_000,
    stallLimit: 20_000,
    largest: 10_000_000,
    onProgress: () => undefined,
    onRetry: (said) => void retries.push(said),
    ...more,
  });
}

/** What is asked for, from where on. */
function rangeOf({ headers }: IncomingMessage): number {
  return Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
}

/** Sends from where it was asked on, as RFC 9110 has it. */
function serve(request: IncomingMessage, response: ServerResponse, content = body, tag = etag): ServerResponse {
  const from = request.headers['if-range'] === tag ? rangeOf(request) : 0;
  const headers = { etag: tag, 'content-length': content.length - from };
  if (from === 0) response.writeHead(200, headers);
  else {
    const range = `bytes ${from}-${content.length - 1}/${content.length}`;
    response.writeHead(206, { ...headers, 'content-range': range });
  }
  return response;
}

/** Sends `count` bytes of what is asked for, and cuts the connection. */
function cutAfter(count: number, content = body, tag = etag): Answer {
  return (request, response) => {
    const from = request.headers['if-range'] === tag ? rangeOf(request) : 0;
    serve(request, response, content, tag).write(content.subarray(from, from + count), () => response.destroy());
  };
}

function whole(content = body, tag = etag): Answer {
  return (request, response) => {
    const from = request.headers['if-range'] === tag ? rangeOf(request) : 0;
    serve(request, response, content, tag).end(content.subarray(from));
  };
}

/** The first request gets the first answer, and so on; the last one stays. */
function inTurn(...answers: readonly Answer[]): Answer {
  let count = 0;
  return (request, response) => answers[Math.min(count++, answers.length - 1)]?.(request, response);
}

test('a whole file, with what was fetched of it', async () => {
  const seen: [number, number | undefined][] = [];
  const { address, asked } = await loopbackServer(whole());
  const result = await fetched(`${address}/a?token=x%2Fy`, { onProgress: (bytes, of) => seen.push([bytes, of]) });
  expect(result).toEqual({ bytes: body.length, inPieces: false });
  expect(readFileSync(file).equals(body)).toBe(true);
  expect(seen.at(-1)).toEqual([body.length, body.length]);
  expect(asked.map(({ url }) => url)).toEqual(['/a?token=x%2Fy']);
});

describe('a connection that is cut', () => {
  test('goes on where it stood, and with If-Range', async () => {
    const { address, asked } = await loopbackServer(inTurn(cutAfter(1_000_000), cutAfter(1_000_000), whole()));
    expect(await fetched(`${address}/a`)).toEqual({ bytes: body.length, inPieces: true });
    expect(readFileSync(file).equals(body)).toBe(true);
    expect(asked.map(({ headers }) => headers['if-range'])).toEqual([undefined, etag, etag]);
    const starts = asked.map(({ headers }) => Number(/\d+/.exec(headers.range ?? '0')?.[0]));
    expect(starts[0]).toBe(0);
    expect(starts[1]).toBeGreaterThan(0);
    expect(starts[2]).toBeGreaterThan(starts[1] ?? 0);
  });

  test('begins anew where the server vouches for nothing', async () => {
    const untagged: Answer = (_, response) => void response.writeHead(200, { 'content-length': body.length }).end(body);
    const cut: Answer = (_, response) => {
      response
        .writeHead(200, { 'content-length': body.length })
        .write(body.subarray(0, 1_000_000), () => response.destroy());
    };
    const { address, asked } = await loopbackServer(inTurn(cut, untagged));
    await fetched(`${address}/a`);
    expect(readFileSync(file).equals(body)).toBe(true);
    expect(asked.map(({ headers }) => headers.range)).toEqual([undefined, undefined]);
  });

  test('begins anew where the tag is a weak one', async () => {
    const { address, asked } = await loopbackServer(inTurn(cutAfter(1_000_000, body, 'W/"one"'), whole()));
    await fetched(`${address}/a`);
    expect(readFileSync(file).equals(body)).toBe(true);
    expect(asked[1]?.headers.range).toBeUndefined();
  });

  test('begins anew where the server ignores ranges', async () => {
    const ignores: Answer = (_, response) =>
      void response.writeHead(200, { etag, 'content-length': body.length }).end(body);
    const { address } = await loopbackServer(inTurn(cutAfter(1_000_000), ignores));
    await fetched(`${address}/a`);
    expect(readFileSync(file).equals(body)).toBe(true);
  });

  test('gives up after some requests of which nothing came, and says why', async () => {
    const { address, asked } = await loopbackServer((_, response) => void response.destroy());
    await expect(fetched(`${address}/a`)).rejects.toMatchObject({
      code: 'DOWNLOAD_FAILED',
      message: `error downloading '${address}/a': the connection was closed before the end`,
    });
    expect(asked.length).toBe(4);
    expect(retries.length).toBe(3);
  });

  test('a shorter file than was told is no file', async () => {
    const short: Answer = (_, response) => {
      response.writeHead(200, { 'content-length': 100 }).write(Buffer.alloc(50), () => response.destroy());
    };
    const { address } = await loopbackServer(short);
    await expect(fetched(`${address}/a`)).rejects.toMatchObject({ code: 'DOWNLOAD_FAILED' });
  });
});

describe('a file that changes between two requests', () => {
  const other = randomBytes(body.length);

  test('is fetched anew, by its tag', async () => {
    const { address } = await loopbackServer(inTurn(cutAfter(1_000_000), whole(other, '"two"')));
    await fetched(`${address}/a`);
    expect(readFileSync(file).equals(other)).toBe(true);
  });

  test('is fetched anew where a server sends a part of another one all the same', async () => {
    const part: Answer = (request, response) => {
      const from = rangeOf(request);
      const range = `bytes ${from}-${other.length - 1}/${other.length}`;
      response.writeHead(206, { etag: '"two"', 'content-range': range, 'content-length': other.length - from });
      response.end(other.subarray(from));
    };
    const { address } = await loopbackServer(inTurn(cutAfter(1_000_000), part, whole(other, '"two"')));
    await fetched(`${address}/a`);
    expect(readFileSync(file).equals(other)).toBe(true);
    expect(retries.at(-1)).toBe('the file has changed while it was fetched');
  });

  test('is fetched anew where the part begins elsewhere', async () => {
    const elsewhere: Answer = (_, response) => {
      const range = `bytes 5-${body.length - 1}/${body.length}`;
      response
        .writeHead(206, { etag, 'content-range': range, 'content-length': body.length - 5 })
        .end(body.subarray(5));
    };
    const { address } = await loopbackServer(inTurn(cutAfter(1_000_000), elsewhere, whole()));
    await fetched(`${address}/a`);
    expect(readFileSync(file).equals(body)).toBe(true);
  });

  test('is fetched anew where it is shorter now (416)', async () => {
    const tooFar: Answer = (_, response) => void response.writeHead(416, { 'content-range': 'bytes */5' }).end();
    const small = Buffer.from('small');
    const { address } = await loopbackServer(inTurn(cutAfter(1_000_000), tooFar, whole(small, '"two"')));
    await fetched(`${address}/a`);
    expect(readFileSync(file, 'utf8')).toBe('small');
  });
});

describe('a server that stalls', () => {
  test('before its answer', async () => {
    const { address } = await loopbackServer(() => undefined);
    await expect(fetched(`${address}/a`, { stallLimit: 100 })).rejects.toMatchObject({
      message: `error downloading '${address}/a': no byte for 0.1 s`,
    });
  });

  test('in the middle: what there is of it counts', async () => {
    const stalls: Answer = (request, response) => void serve(request, response).write(body.subarray(0, 1_000_000));
    const { address, asked } = await loopbackServer(inTurn(stalls, whole()));
    await fetched(`${address}/a`, { stallLimit: 300 });
    expect(readFileSync(file).equals(body)).toBe(true);
    expect(rangeOf(asked[1] as unknown as IncomingMessage)).toBeGreaterThan(0);
  });

  test('drop by drop: there is a limit for all of it', async () => {
    const drips: Answer = (request, response) => {
      serve(request, response).write(body.subarray(0, 1));
      const drip = setInterval(() => response.write(body.subarray(1, 2)), 20);
      response.on('close', () => clearInterval(drip));
    };
    const { address } = await loopbackServer(drips);
    await expect(fetched(`${address}/a`, { timeLimit: 400 })).rejects.toMatchObject({
      code: 'DOWNLOAD_FAILED',
      message: `error downloading '${address}/a': it took longer than 0.4 s`,
    });
  });
});

describe('a server that sends too much', () => {
  test('and says so: nothing is written', async () => {
    const { address } = await loopbackServer((_, response) => {
      response.writeHead(200, { 'content-length': 10 * 1024 ** 3 }).flushHeaders();
    });
    await expect(fetched(`${address}/a`)).rejects.toThrow(`it sends ${10 * 1024 ** 3} bytes, more than 10000000`);
    expect(existsSync(file)).toBe(false);
  });

  test('zeros without an end: what was allowed is written, and no more', async () => {
    const zeros = Buffer.alloc(1 << 20);
    const endless: Answer = (_, response) => {
      const go = (): void => {
        if (!response.destroyed) response.write(zeros, go);
      };
      go();
    };
    const { address, asked } = await loopbackServer(endless);
    await expect(fetched(`${address}/a`)).rejects.toThrow('it sends more than 10000000 bytes');
    expect(statSync(file).size).toBeLessThanOrEqual(10_000_000);
    expect(asked.length).toBe(1);
  });
});

describe('an address that leads on', () => {
  const leadsTo =
    (location: string, status = 302): Answer =>
    (_, response) =>
      void response.writeHead(status, { location }).end();

  test('is followed', async () => {
    const to = await loopbackServer(sends('there'));
    const { address } = await loopbackServer(leadsTo(`${to.address}/x`));
    await fetched(`${address}/a`);
    expect(readFileSync(file, 'utf8')).toBe('there');
  });

  test('never to a file of this host', async () => {
    const secret = join(scratch, 'secret');
    writeFileSync(secret, 'secret');
    const { address } = await loopbackServer(leadsTo(pathToFileURL(secret).href));
    await expect(fetched(`${address}/a`)).rejects.toThrow('it leads on to file:');
    expect(existsSync(file)).toBe(false);
  });

  test.each([
    ['http://[::', 'it leads on to what is no address'],
    ['javascript:1', 'it leads on to javascript:'],
  ])('never to %s', async (location, why) => {
    const { address } = await loopbackServer(leadsTo(location));
    await expect(fetched(`${address}/a`)).rejects.toThrow(why);
  });

  test('never round and round', async () => {
    const { address, asked } = await loopbackServer(leadsTo('/a'));
    await expect(fetched(`${address}/a`)).rejects.toThrow('it leads on from address to address, more than 10 times');
    expect(asked.length).toBe(11);
  });

  test('a password goes to nobody else', async () => {
    const to = await loopbackServer(sends('there'));
    const { address, asked } = await loopbackServer(leadsTo(`${to.address}/x`));
    await fetched(address.replace('http://', 'http://me:secret@'));
    expect(asked[0]?.headers.authorization).toBe(`Basic ${Buffer.from('me:secret').toString('base64')}`);
    expect(to.asked[0]?.headers.authorization).toBeUndefined();
  });
});

describe('a refusal', () => {
  test('404 is told at once', async () => {
    const { address, asked } = await loopbackServer(sends('not here', 404));
    await expect(fetched(`${address}/a`)).rejects.toMatchObject({
      code: 'DOWNLOAD_FAILED',
      message: `error downloading '${address}/a': bad response code: 404 (not here)`,
    });
    expect(asked.length).toBe(1);
  });

  test.each([500, 503, 408, 429])('%i may be gone the next time', async (status) => {
    const { address } = await loopbackServer(inTurn(sends('later', status), whole()));
    await fetched(`${address}/a`);
    expect(readFileSync(file).equals(body)).toBe(true);
  });

  test('nobody listens', async () => {
    await expect(fetched('http://127.0.0.1:1/a')).rejects.toThrow(
      "error downloading 'http://127.0.0.1:1/a': connection refused (127.0.0.1:1)",
    );
  });
});

test('a signal ends it, with its reason', async () => {
  const stop = new AbortController();
  const { address } = await loopbackServer((request, response) => {
    serve(request, response).write(body.subarray(0, 1000), () => stop.abort(new Error('enough')));
  });
  await expect(fetched(`${address}/a`, { signal: stop.signal })).rejects.toThrow('enough');
});

test('a proxy of the environment is asked for what is elsewhere', async () => {
  const proxy = await loopbackServer(sends('by the proxy'));
  await fetched('http://binaries.example/a', { environment: { HTTP_PROXY: proxy.address } });
  expect(proxy.asked[0]?.url).toBe('http://binaries.example/a');
  expect(readFileSync(file, 'utf8')).toBe('by the proxy');
});

describe('a file of this host', () => {
  test('is copied', async () => {
    const here = join(scratch, 'here');
    writeFileSync(here, body);
    await fetched(pathToFileURL(here).href);
    const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
    expect(sha256(readFileSync(file))).toBe(sha256(body));
  });

  test.each([
    ['/dev/zero', 'it is no regular file'],
    ['/nowhere', 'no such file or directory'],
  ])('%s: %s', async (path, why) => {
    await expect(fetched(`file://${path}`)).rejects.toThrow(`error downloading 'file://${path}': ${why}`);
  });
});

test('a server that closes the connection behind the body, before it has been taken', async () => {
  const large = randomBytes(40_000_000);
  const closes: Answer = (_, response) => void response.writeHead(200, { connection: 'close' }).end(large);
  const { address } = await loopbackServer(closes);
  for (let time = 0; time < 5; time += 1) {
    await fetched(`${address}/a`, { largest: 50_000_000 });
    expect(readFileSync(file).equals(large)).toBe(true);
  }
});

// A file by its checksum: what is fetched is that very file, or nothing of it counts.
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeEach, expect, test } from 'vitest';

import { fetchChecked } from '../../src/install/fetch-checked.js';
import { parseChecksum } from '../../src/install/checksum.js';
import { loopbackServer, type Answer } from '../support/loopback-server.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
const body = randomBytes(2_000_000);
const digest = (type: string, bytes: Buffer): string => createHash(type).update(bytes).digest('hex');

let file: string;
let warnings: string[];
let retries: string[];
beforeEach(() => {
  file = join(mkdtempSync(join(scratch, 'at-')), 'file');
  warnings = [];
  retries = [];
});

function fetched(address: string, checksum: string | undefined): Promise<number> {
  return fetchChecked(new URL(address), file, {
    environment: {},
    signal: new AbortController().signal,
    timeLimit: 60_000,
    largest: 10_000_000,
    onProgress: () => undefined,
    onRetry: (said) => void retries.push(said),
    checksum: checksum === undefined ? undefined : parseChecksum(checksum, 'the test'),
    warn: (text) => void warnings.push(text),
  });
}

const whole: Answer = (_, response) => void response.end(body);

test.each(['md5', 'sha1', 'sha256', 'sha512'])('%s', async (type) => {
  const { address } = await loopbackServer(whole);
  expect(await fetched(address, `${type}:${digest(type, body)}`)).toBe(body.length);
  expect(warnings.length).toBe(type === 'md5' || type === 'sha1' ? 1 : 0);
  await expect(fetched(address, `${type}:${digest(type, Buffer.from('other'))}`)).rejects.toMatchObject({
    code: 'CHECKSUM_MISMATCH',
    details: [`expected: ${type}:${digest(type, Buffer.from('other'))}`, `got:      ${type}:${digest(type, body)}`],
  });
});

test('pieces of two files, for which the server vouches as one: fetched once more, from the beginning', async () => {
  const other = randomBytes(body.length);
  const etag = '"the same"';
  const answers: Answer[] = [
    (_, response) => {
      response.writeHead(200, { etag, 'content-length': other.length });
      response.write(other.subarray(0, 1_000_000), () => response.destroy());
    },
    ({ headers }, response) => {
      const from = Number(/\d+/.exec(headers.range ?? '')?.[0]);
      const range = `bytes ${from}-${body.length - 1}/${body.length}`;
      response.writeHead(206, { etag, 'content-range': range, 'content-length': body.length - from });
      response.end(body.subarray(from));
    },
    whole,
  ];
  const { address, asked } = await loopbackServer((request, response) => answers.shift()?.(request, response));
  await fetched(address, `sha256:${digest('sha256', body)}`);
  expect(readFileSync(file).equals(body)).toBe(true);
  expect(asked.map(({ headers }) => headers.range !== undefined)).toEqual([false, true, false]);
  expect(retries.at(-1)).toBe('the pieces are not of one file');
});

test('a whole file that is another one is not fetched again', async () => {
  const { address, asked } = await loopbackServer(whole);
  await expect(fetched(address, `sha256:${'0'.repeat(64)}`)).rejects.toMatchObject({ code: 'CHECKSUM_MISMATCH' });
  expect(asked.length).toBe(1);
});

test('a list that lacks the file: the file itself is not asked for', async () => {
  const { address, asked } = await loopbackServer((_, response) => void response.end(`${'0'.repeat(64)}  other\n`));
  await expect(fetched(`${address}/file`, `file:${address}/sums`)).rejects.toMatchObject({
    code: 'CHECKSUM_MISSING',
    message: `${address}/sums has no checksum of file`,
  });
  expect(asked.map(({ url }) => url)).toEqual(['/sums']);
  expect(existsSync(`${file}.sums`)).toBe(false);
});

// The chain's plan, asked of a real gRPC server, and of what is none.
import { createServer, type AddressInfo, type Server } from 'node:net';

import { afterEach, expect, test } from 'vitest';

import { queryCurrentPlan } from '../../src/chain/current-plan.js';
import { formatGrpcAddress, parseGrpcAddress } from '../../src/chain/grpc-address.js';
import { startUpgradeServer, type Answer } from '../support/upgrade-server.js';

const open: { close: () => void }[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

async function asked(answer: Answer, limit?: number, serves = true) {
  const server = await startUpgradeServer(answer, { serves });
  open.push(server);
  return queryCurrentPlan(parseGrpcAddress(server.address), limit);
}

test('a plan is told as the chain spells it', async () => {
  expect(await asked({ name: 'V2-Rho', height: 500n, info: '{"binaries":{}}' })).toEqual({
    name: 'V2-Rho',
    height: 500,
    info: '{"binaries":{}}',
  });
});

test('no plan is an answer of its own', async () => {
  expect(await asked('no plan')).toBeUndefined();
});

test.each([
  [{ name: '', height: 5n }, 'its plan is none'],
  [{ name: 'v2', height: 0n }, 'its plan is none'],
  [{ name: 'v2', height: 2n ** 62n }, 'its plan is none'],
  ['bytes', 'parsing error'],
] as const)('an answer that is no plan is an error: %#', async (answer, words) => {
  await expect(asked(answer)).rejects.toMatchObject({
    code: 'NODE_UNREACHABLE',
    message: expect.stringContaining(words) as unknown,
  });
});

test('a node that takes the call and never answers is waited for no longer than the limit', async () => {
  await expect(asked('silent', 300)).rejects.toMatchObject({
    code: 'NODE_UNREACHABLE',
    message: expect.stringMatching(/127\.0\.0\.1:\d+: no answer within 0\.3 s$/) as unknown,
  });
});

test('a node without x/upgrade says so', async () => {
  await expect(asked('no plan', undefined, false)).rejects.toThrow(/\(Unimplemented\)/);
});

test.each([
  ['a port that nobody listens on', undefined, 'connection refused'],
  ['one that takes connections and is silent', () => undefined, 'no answer within 0.5 s'],
  ['one that closes them', (socket: { destroy: () => void }) => socket.destroy(), 'Unavailable'],
  [
    'one that speaks something else',
    (socket: { end: (text: string) => void }) => socket.end('SSH-2.0-x\r\n'),
    'Protocol error',
  ],
] as const)('%s: an error that names address and cause', async (_, onConnection, words) => {
  const { port, server } = await listening(onConnection as never);
  if (onConnection === undefined) await new Promise((resolve) => server.close(resolve));
  else open.push(server);
  const query = queryCurrentPlan(parseGrpcAddress(`127.0.0.1:${port}`), 500);
  await expect(query).rejects.toMatchObject({ code: 'NODE_UNREACHABLE' });
  await expect(query).rejects.toThrow(`127.0.0.1:${port}: `);
  await expect(query).rejects.toThrow(words);
});

test.each([
  ['localhost:9090', 'localhost:9090', false],
  ['[::1]:9090', '[::1]:9090', false],
  ['tcp://10.0.0.1:1', '10.0.0.1:1', false],
  ['http://node:65535/', 'node:65535', false],
  ['https://node.example', 'node.example:443', true],
  ['https://node.example:9443', 'node.example:9443', true],
])('the address %s', (text, target, tls) => {
  const address = parseGrpcAddress(text);
  expect([formatGrpcAddress(address), address.tls]).toEqual([target, tls]);
});

test.each([
  '',
  'localhost',
  ':9090',
  '9090',
  'a:b',
  'a:0',
  'a:65536',
  'a b:1',
  '::1:9090',
  'ftp://a:1',
  'a:1/x',
  'u@a:1',
  'a:1\n',
])('the address %j is refused, by its variable', (text) => {
  expect(() => parseGrpcAddress(text)).toThrow(/^DAEMON_GRPC_ADDRESS must be host:port, got "/);
});

async function listening(onConnection: (() => void) | undefined): Promise<{ port: number; server: Server }> {
  const server = createServer(onConnection);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, server };
}

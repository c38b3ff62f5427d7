// How the height is read out of a node's answers, and where its RPC is looked for.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { heightIn, rpcAddress } from '../../src/supervisor/height.js';
import { scratchFolder } from '../support/scratch-folder.js';

const home = scratchFolder();

test.each([
  ['{"SyncInfo":{"latest_block_height":"52"}}', 52],
  ['{"sync_info":{"latest_block_height":"52","catching_up":false}}', 52],
  ['{"jsonrpc":"2.0","id":-1,"result":{"sync_info":{"latest_block_height":"7"}}}', 7],
  ['a warning {not json}\n{"NodeInfo":{"x":"}"},"SyncInfo":{"latest_block_height":"9"}}\nmore', 9],
  ['{"SyncInfo":{"latest_block_height":12}}', 12],
  ['{"SyncInfo":{"latest_block_height":"-1"}}', undefined],
  ['{"SyncInfo":{"latest_block_height":"x"}}', undefined],
  ['{"SyncInfo":{}}', undefined],
  ['{"SyncInfo":', undefined],
  ['', undefined],
])('an answer: %s', (answer, height) => {
  expect(heightIn(answer)).toBe(height);
});

test('rpc.laddr of the arguments goes before config.toml, and with neither the node is not asked', () => {
  expect(rpcAddress({ home, args: ['start'] })).toBeUndefined();
  mkdirSync(join(home, 'config'));
  const text =
    'laddr = "tcp://1.2.3.4:1"\n[rpc]\nladdr = "tcp://127.0.0.1:26657"\n[p2p]\nladdr = "tcp://0.0.0.0:26656"\n';
  writeFileSync(join(home, 'config/config.toml'), text);
  expect(rpcAddress({ home, args: ['start'] })).toMatchObject({ port: 26657 });
  expect(rpcAddress({ home, args: ['start', '--rpc.laddr', 'tcp://0.0.0.0:36657'] })).toMatchObject({ port: 36657 });
  expect(rpcAddress({ home, args: ['start', '--rpc.laddr=tcp://[::1]:4'] })).toMatchObject({ host: '::1', port: 4 });
  expect(rpcAddress({ home, args: ['start', '--rpc.laddr', 'unix:///tmp/x'] })).toBeUndefined();
});

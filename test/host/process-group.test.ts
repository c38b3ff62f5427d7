import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { expect, test } from 'vitest';

import { groupLives, signalGroup } from '../../src/host/process-group.js';
import { waitUntil } from '../support/wait-until.js';

test('a group lives as long as one of it does, also when its leader has ended', async () => {
  const leader = spawn('sh', ['-c', 'sleep 1000 & echo $!'], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  await Promise.all([once(leader.stdout, 'data'), once(leader, 'exit')]);
  expect(groupLives(leader.pid)).toBe(true);
  expect(signalGroup(leader.pid, 'SIGKILL')).toBe(true);
  await waitUntil('none of it lives', () => !groupLives(leader.pid));
});

test('what has ended does not live, although nobody has asked for its status yet', async () => {
  // python or a shell would ask; sleep, in whose place the shell's child is left, never does
  const parent = spawn('sh', ['-c', 'setsid sh -c "echo \\$\\$; exec true" & exec sleep 1000'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [text] = (await once(parent.stdout, 'data')) as [Buffer];
  const group = Number(text.toString());
  await waitUntil('it does not live', () => !groupLives(group));
  expect(signalGroup(group, 'SIGTERM')).toBe(true); // but is there: a zombie
  parent.kill('SIGKILL');
});

test('no group, and one that never was', () => {
  expect(groupLives(undefined)).toBe(false);
  expect(signalGroup(undefined, 'SIGTERM')).toBe(false);
  expect(groupLives(2 ** 22 + 1)).toBe(false); // above the largest pid_max
  expect(signalGroup(2 ** 22 + 1, 'SIGTERM')).toBe(false);
});

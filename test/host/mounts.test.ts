import { expect, test } from 'vitest';

import { mountOf } from '../../src/host/mounts.js';

const table = `22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
23 22 0:21 / /proc rw - proc proc rw
24 22 8:2 / /usr rw,nosuid - btrfs /dev/sdb rw
25 24 8:3 / /usr/share ro - xfs /dev/sdc ro
26 22 8:4 / /no\\040blanks rw - xfs /dev/sdd rw
`;

test('the longest mount point above a path counts, and whether it is read only', () => {
  expect(mountOf('/usr/share/no/such/path', table)).toEqual({ point: '/usr/share', type: 'xfs', readOnly: true });
  expect(mountOf('/usr/bin/env', table)?.type).toBe('btrfs');
  expect(mountOf('/usrx', table)?.type).toBe('ext4');
});

test('this system: / is somewhere', () => {
  expect(mountOf('/')?.point).toBe('/');
  expect(mountOf('/', '')).toBeUndefined();
});

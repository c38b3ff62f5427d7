import { spawnSync } from 'node:child_process';

import { expect, test } from 'vitest';

import { openFileLimits, parseLimitSetting } from '../../src/host/limits.js';

test("a process's limits are those that its shell set", () => {
  const { stdout } = spawnSync('sh', ['-c', 'ulimit -n 321; cat /proc/self/limits; ulimit -n'], { encoding: 'utf8' });
  expect(stdout.trim().split('\n').at(-1)).toBe('321');
  const own = openFileLimits(process.pid);
  expect(own?.soft).toBe(own?.hard); // what Node does to itself
  expect(openFileLimits(2 ** 22 + 1)).toBeUndefined();
});

test('what Node starts has the hard limit as its soft one: why `run` is judged by the hard limit', () => {
  const script =
    'ulimit -Sn 77; exec "$0" -e "process.stdout.write(require(\'fs\').readFileSync(\'/proc/self/limits\'))"';
  const { stdout } = spawnSync('sh', ['-c', script, process.execPath], { encoding: 'utf8' });
  const [, soft, hard] = /^Max open files +(\S+) +(\S+)/m.exec(stdout) ?? [];
  expect(soft).toBe(hard);
});

test.each([
  ['65535', { soft: 65_535, hard: 65_535 }],
  ['1024:524288', { soft: 1024, hard: 524_288 }],
  ['infinity', { soft: Infinity, hard: Infinity }],
  ['many', undefined],
])('LimitNOFILE=%s', (text, limits) => {
  expect(parseLimitSetting(text)).toEqual(limits);
});

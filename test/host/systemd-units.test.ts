import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { expect, test } from 'vitest';

import { findServices, unitFolders, type ServiceUnit } from '../../src/host/systemd-units.js';
import { scratchFolder } from '../support/scratch-folder.js';

const root = scratchFolder();
let count = 0;

/** Services of folders that hold these files; `etc` goes before `lib`. */
function services(files: Readonly<Record<string, string>>, mentions = /cvtool/): readonly ServiceUnit[] {
  const at = join(root, String((count += 1)));
  for (const folder of ['etc', 'lib']) mkdirSync(join(at, folder), { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(at, name)), { recursive: true });
    if (text.startsWith('-> ')) symlinkSync(text.slice(3), join(at, name));
    else writeFileSync(join(at, name), text.replaceAll('HERE', at));
  }
  return findServices([{ manager: 'system', folders: [join(at, 'etc'), join(at, 'lib')], home: '/root' }], mentions);
}

test('a unit in the first folder hides that of the same name; one that says nothing of us is left out', () => {
  const found = services({
    'etc/a.service': '[Service]\nExecStart=/bin/cvtool run\n',
    'lib/a.service': '[Service]\nExecStart=/bin/cvtool other\n',
    'lib/b.service': '[Service]\nExecStart=/bin/true\n',
    'lib/c.timer': '[Timer]\n# cvtool\n',
  });
  expect(found.map(({ name, exec }) => [name, ...exec])).toEqual([['a.service', '/bin/cvtool', 'run']]);
});

test('drop-ins are merged by name, from all folders, those of the first folder hiding others; an empty value takes back', () => {
  const [unit] = services({
    'lib/a.service': '[Service]\nExecStart=/bin/cvtool one\nKillMode=process\nEnvironment=A=1 B=1\n',
    'lib/a.service.d/20.conf': '[Service]\nExecStart=\nExecStart=/bin/cvtool two\n',
    'lib/a.service.d/30.conf': '[Service]\nKillMode=none\n',
    'etc/a.service.d/30.conf': '[Service]\nKillMode=mixed\nEnvironment=B=2\n',
    'etc/a.service.d/not.txt': '[Service]\nKillMode=none\n',
  });
  expect(unit?.exec).toEqual(['/bin/cvtool', 'two']);
  expect(unit?.setting('KillMode')).toBe('mixed');
  expect(unit?.environment).toEqual({ A: '1', B: '2' });
  expect(unit?.dropIns.map((file) => file.slice(-16))).toEqual(['ervice.d/20.conf', 'ervice.d/30.conf']);
});

test('a drop-in alone may be what speaks of us; a masked unit and an alias do not count', () => {
  const found = services({
    'lib/a.service': '[Service]\nExecStart=/bin/true\n',
    'lib/a.service.d/x.conf': '[Service]\nEnvironment=X=cvtool\n',
    'etc/alias.service': '-> ../lib/a.service',
    'etc/masked.service': '-> /dev/null',
    'lib/masked.service': '[Service]\nExecStart=cvtool\n',
  });
  expect(found).toHaveLength(1);
});

test('prefixes, variables and specifiers of a command; %h is the home of the manager’s user, not of User=', () => {
  const [unit] = services({
    'lib/node@.service': [
      '[Service]',
      'User=somebody',
      'Environment="DAEMON_HOME=%h/.panacea" WORDS="start --x"',
      'ExecStart=-@/opt/cvtool name run $WORDS --home ${DAEMON_HOME} 100%% %i $$',
    ].join('\n'),
  });
  // systemd.unit(5): `%h` of the system's manager is root's home, whatever User= says
  expect(unit?.exec).toEqual(['/opt/cvtool', 'run', 'start', '--x', '--home', '/root/.panacea', '100%', '', '$']);
  expect(unit?.setting('User')).toBe('somebody');
});

test('an environment file is read; one that is missing is a problem unless a `-` forgives it', () => {
  const [unit] = services({
    'lib/a.service':
      '[Service]\nExecStart=cvtool\nEnvironmentFile=HERE/env\nEnvironmentFile=-/no/such\nEnvironmentFile=/no/other\n',
    env: 'DAEMON_NAME="panacead"\n',
  });
  expect(unit?.environment).toEqual({ DAEMON_NAME: 'panacead' });
  expect(unit?.problems).toEqual([expect.stringContaining('/no/other')]);
});

test('SYSTEMD_UNIT_PATH takes the place of all folders', () => {
  expect(unitFolders('/u', '/a:/b:').map(({ folders }) => folders)).toEqual([['/a', '/b']]);
  const usual = unitFolders('/u', undefined);
  expect(usual.flatMap(({ folders }) => folders)).toContain('/etc/systemd/system');
  expect(usual.find(({ manager }) => manager === 'user')?.folders[0]).toBe('/u/.config/systemd/user');
});

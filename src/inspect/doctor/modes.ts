// Who else may read the keys, or put another binary in the place of ours.
import { readdirSync, statSync, type Stats } from 'node:fs';
import { join } from 'node:path';

import { hasCode } from '../../errors/cvtool-error.js';
import type { HomePaths } from '../../home/paths.js';
import { row, shellWord, type Row } from './row.js';

const keys = ['config/priv_validator_key.json', 'config/node_key.json'];

export function judgeModes(home: HomePaths): Row[] {
  const rows: Row[] = [];
  for (const path of keys.map((key) => join(home.root, key))) {
    const mode = statOr(path)?.mode ?? 0;
    if ((mode & 0o077) === 0) continue;
    rows.push(
      row('modes', 'warn', `${path} has mode ${octal(mode)}: others may read the key`, `chmod 600 ${shellWord(path)}`),
    );
  }
  const staged = [home.genesis, ...namesIn(home.upgrades).map((name) => join(home.upgrades, name))];
  const folders = [home.root, home.cosmovisor, home.upgrades, ...staged.flatMap((path) => [path, join(path, 'bin')])];
  for (const path of [...folders, ...staged.map((folder) => join(folder, 'bin', home.daemon))]) {
    const mode = statOr(path)?.mode ?? 0;
    if ((mode & 0o002) === 0 || (mode & 0o1000) !== 0) continue; // with the sticky bit nobody moves what is not his
    const text = `${path} has mode ${octal(mode)}: everybody may replace what the node runs`;
    rows.push(row('modes', 'fail', text, `chmod o-w ${shellWord(path)}`));
  }
  return rows.length > 0 ? rows : [row('modes', 'pass', 'nobody else may read the keys or replace a binary')];
}

function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => !name.startsWith('.'));
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return [];
    throw error;
  }
}

function statOr(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP')) return undefined;
    throw error;
  }
}

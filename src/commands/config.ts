// `cvtool config`: what the supervisor would work with, in the look of cosmovisor's own (args.go: DetailString).
import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

import { readValues } from '../config/supervisor-config.js';
import { fields, variables, type Field, type Values } from '../config/variables.js';
import { binaryIn, homePaths } from '../home/paths.js';
import { planFile } from '../home/plan-files.js';
import { print, printError } from '../report/terminal.js';
import { formatGoDuration } from '../values/go-duration.js';
import { timeFormats } from '../values/go-time.js';
import { printable } from '../values/printable.js';
import { cosmovisorVerb, sourcesOf } from './cosmovisor-verb.js';
import { readFlags } from './flags.js';

/** @returns the exit status */
export function configCommand(args: readonly string[]): Promise<number> {
  return cosmovisorVerb(async () => {
    const flags = readFlags(args, { withValue: { 'cosmovisor-config': 'c' }, switches: [] });
    const sources = sourcesOf(flags.values.get('cosmovisor-config'));
    const values = await readValues({ ...sources, folders: 'command' });
    print(...configLines(values));
    const notes = unreadFile(values, sources.configFile);
    if (notes.length > 0) printError(...notes);
    return 0;
  });
}

function configLines(values: Values): string[] {
  const home = homePaths(values.home, values.daemon);
  const isExtra = (field: Field): boolean => 'extra' in variables[field];
  const line = (field: Field): string => printable(`  ${variables[field].name}: ${shown(field, values)}`);
  const derived = [
    ['Root Dir', home.cosmovisor],
    ['Upgrade Dir', home.upgrades],
    ['Genesis Bin', binaryIn(home, home.genesis)],
    ['Monitored File', planFile(home)],
    ['Data Backup Dir', values.backupDir],
  ] as const;
  return [
    'Configurable Values:',
    ...fields.filter((field) => !isExtra(field)).map(line),
    'Derived Values:',
    ...derived.map(([label, value]) => printable(`  ${label.padStart(15)}: ${value}`)),
    'Further Values:',
    ...fields.filter(isExtra).map(line),
  ];
}

/** As Go prints it; what is not set as its type's zero. */
function shown(field: Field, values: Values): string {
  const value = values[field];
  if (typeof value === 'bigint') return formatGoDuration(value);
  if (value === undefined) return variables[field].kind === 'duration' ? '0s' : '';
  if (field === 'timeFormat') return values.timeFormat === '' ? '' : timeFormats[values.timeFormat];
  return String(value);
}

/** The one that `init` leaves counts only where it is named: its frozen values would come alive. */
function unreadFile({ home, daemon }: Values, named: string | undefined): string[] {
  const file = join(homePaths(home, daemon).cosmovisor, 'config.toml');
  if (!existsSync(file)) return [];
  if (named !== undefined && existsSync(named) && realpathSync(named) === realpathSync(file)) return [];
  return [`Note: ${printable(file)} is not read: it counts only where --cosmovisor-config names it.`];
}

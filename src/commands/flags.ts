// The flags of the verbs that are reached without the command-line library, read as cosmovisor's own library (pflag) reads them.
import { CvtoolError } from '../errors/cvtool-error.js';

export interface KnownFlags {
  /** Long name to short one, or to ''. */
  readonly withValue: Readonly<Record<string, string>>;
  readonly switches: readonly string[];
}

export interface ReadFlags {
  readonly values: ReadonlyMap<string, string>;
  readonly switches: ReadonlySet<string>;
  readonly rest: readonly string[];
}

/** @throws USAGE for a flag that is not known, and for one without its value */
export function readFlags(args: readonly string[], known: KnownFlags): ReadFlags {
  const values = new Map<string, string>();
  const switches = new Set<string>();
  const rest: string[] = [];
  const shorts = new Map(Object.entries(known.withValue).map(([long, short]) => [short, long]));
  const left = [...args];
  for (let arg = left.shift(); arg !== undefined; arg = left.shift()) {
    if (arg === '--') {
      rest.push(...left.splice(0));
    } else if (!arg.startsWith('-') || arg === '-') {
      rest.push(arg);
    } else {
      const [, name = '', given] = /^(--[^=]*|-.)=?([^]+)?$/.exec(arg) ?? [];
      const long = name.startsWith('--') ? name.slice(2) : (shorts.get(name.slice(1)) ?? '');
      if (known.switches.includes(long)) {
        switches.add(long);
      } else if (Object.hasOwn(known.withValue, long)) {
        const value = given ?? (arg.endsWith('=') ? '' : left.shift());
        if (value === undefined) throw wrong(`flag needs an argument: ${arg}`);
        values.set(long, value);
      } else {
        throw wrong(`unknown flag: ${name}`);
      }
    }
  }
  return { values, switches, rest };
}

function wrong(message: string): CvtoolError {
  return new CvtoolError('USAGE', message, { hint: '`cvtool help <command>` lists the flags of one.' });
}

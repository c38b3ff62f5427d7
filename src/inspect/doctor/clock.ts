// Consensus compares clocks: one that is wrong makes a validator miss blocks.
import { row, type Row } from './row.js';

/** @param synchronised undefined: nobody could be asked */
export function judgeClock(synchronised: boolean | undefined): Row {
  if (synchronised === true) return row('clock', 'pass', 'the clock is synchronised');
  if (synchronised === undefined) return row('clock', 'unknown', 'whether the clock is synchronised is not told here');
  return row(
    'clock',
    'warn',
    'the clock is not synchronised: a validator would miss blocks',
    'timedatectl set-ntp true',
  );
}

// What was measured, as rows: the median with the least and the most of it, and whether an aim holds.
import { loadavg } from 'node:os';

/** A column: cvtool, or a cosmovisor beside it. */
export interface Column {
  readonly label: string;
  readonly values: readonly number[];
}

export interface Aim {
  /** The label that the aim is against. */
  readonly against: string;
  /** The greatest ratio that meets it. */
  readonly most: number;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

export function heading(text: string): void {
  console.log(`\n${text} (load ${(loadavg()[0] ?? 0).toFixed(1)})`);
}

/** The first column is cvtool's; its ratio to each of the others follows, with the aim's verdict. */
export function row(what: string, unit: string, columns: readonly Column[], aim?: Aim): void {
  const [own, ...others] = columns;
  console.log(`  ${what}`);
  for (const { label, values } of columns) {
    const [least, most] = [Math.min(...values), Math.max(...values)];
    const spread = values.length > 1 && least !== most ? `${digits(least)} to ${digits(most)}` : '';
    console.log(`    ${label.padEnd(24)} ${digits(median(values)).padStart(8)} ${unit.padEnd(5)} ${spread}`.trimEnd());
  }
  for (const { label, values } of others) {
    if (median(values) === 0) continue; // nothing to compare with
    const ratio = median(own?.values ?? []) / median(values);
    console.log(`    of ${label.padEnd(21)} ${ratio.toFixed(3).padStart(8)} ${verdict(ratio, label, aim)}`.trimEnd());
  }
}

function verdict(ratio: number, label: string, aim: Aim | undefined): string {
  if (aim?.against !== label) return '';
  return `      aim at most ${aim.most}: ${ratio <= aim.most ? 'holds' : 'DOES NOT HOLD'}`;
}

function digits(value: number): string {
  return value.toFixed(value < 100 ? 2 : 0);
}

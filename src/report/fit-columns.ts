// A table without borders that fits a terminal.

const gap = 2;
/** Below this a column tells nothing. */
const narrowest = 6;

/**
 * Pads the cells; where a line would be longer than `limit` characters, the widest columns are cut, and `…` says so.
 * @param rows of the same number of cells, the first with the titles
 */
export function fitColumns(rows: readonly (readonly string[])[], limit = 100): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => length(row[column] ?? ''))));
  const total = (): number => widths.reduce((sum, width) => sum + width + gap, -gap);
  while (total() > limit) {
    const widest = widths.indexOf(Math.max(...widths));
    if ((widths[widest] ?? 0) <= narrowest) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return rows.map((row) =>
    row
      .map((cell, column) => cut(cell, widths[column] ?? 0))
      .join(' '.repeat(gap))
      .trimEnd(),
  );
}

function cut(cell: string, width: number): string {
  const characters = Array.from(cell);
  if (characters.length <= width) return cell + ' '.repeat(width - characters.length);
  return `${characters.slice(0, width - 1).join('')}…`;
}

function length(text: string): number {
  return Array.from(text).length;
}

// The unit file that templates/systemd/ holds, filled in.

export interface UnitValues {
  readonly home: string;
  readonly daemon: string;
  readonly user: string;
  /** The absolute paths of Node and of our program. */
  readonly node: string;
  readonly cvtool: string;
}

/** Puts the values in the place of `{{home}}` and so on, written as systemd.syntax(7) wants it, inside of quotes and outside. */
export function fillUnit(template: string, values: UnitValues): string {
  return template.replace(/\{\{(\w+)\}\}/g, (whole, name: string, at: number) => {
    const value = values[name as keyof UnitValues] as string | undefined;
    if (value === undefined) return whole;
    const line = template.slice(template.lastIndexOf('\n', at) + 1, at);
    return (line.split('"').length - 1) % 2 === 1 ? escaped(value) : bare(value);
  });
}

function escaped(value: string): string {
  return value.replace(/%/g, '%%').replace(/[\\"]/g, '\\$&');
}

/** A word of a command line, where `$` stands for a variable. */
function bare(value: string): string {
  const text = escaped(value).replace(/\$/g, '$$$$');
  return /^[\w@%+=:,./-]+$/.test(value) ? text : `"${text}"`;
}

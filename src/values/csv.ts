// Comma-separated values as Go's encoding/csv reads them with TrimLeadingSpace (RFC 4180, but for blanks before a field): that is
// what cosmovisor's operators have written their lists for.

/** One record, and the line on which it begins (from 1 on). */
export interface CsvRecord {
  readonly line: number;
  readonly fields: readonly string[];
}

/** Empty lines are passed over. @throws Error that says what is wrong, and on which line */
export function parseCsv(text: string): readonly CsvRecord[] {
  const rest = new Rest(text.replace(/^\ufeff/, ''));
  const records: CsvRecord[] = [];
  while (!rest.isAtEnd()) {
    if (rest.takes(/[ \t]*\r?(?:\n|$)/y) !== undefined) continue;
    const { line } = rest;
    const fields = [field(rest)];
    while (rest.takes(/,/y) !== undefined) fields.push(field(rest));
    if (rest.takes(/\r?(?:\n|$)/y) === undefined) throw new Error(`line ${rest.line}: extraneous " in a field`);
    records.push({ line, fields });
  }
  return records;
}

function field(rest: Rest): string {
  rest.takes(/[ \t]*/y);
  const { line } = rest;
  if (rest.takes(/"/y) === undefined) {
    const plain = rest.takes(/[^,\r\n]*(?:\r(?!\n|$)[^,\r\n]*)*/y) ?? '';
    if (plain.includes('"')) throw new Error(`line ${line}: bare " in a field that does not begin with one`);
    return plain;
  }
  const quoted = rest.takes(/[^"]*(?:""[^"]*)*"/y);
  if (quoted === undefined) throw new Error(`line ${line}: a field that begins with " has no end`);
  return quoted.slice(0, -1).replaceAll('""', '"').replaceAll('\r\n', '\n');
}

/** What of a text is still to be read. */
class Rest {
  readonly #text: string;
  #at = 0;
  line = 1;

  constructor(text: string) {
    this.#text = text;
  }

  isAtEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  /** @param pattern sticky; what it finds here is taken, undefined where it finds nothing */
  takes(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found === undefined) return undefined;
    this.#at += found.length;
    this.line += found.split('\n').length - 1;
    return found;
  }
}

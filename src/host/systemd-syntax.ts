// The text of a unit file, as systemd.syntax(7) has it: sections, assignments, continued lines, quoted words, time spans.

export interface Assignment {
  readonly section: string;
  readonly key: string;
  readonly value: string;
}

/** Lines that are neither a section nor an assignment are passed over, as systemd does (with a warning). */
export function parseUnitText(text: string): readonly Assignment[] {
  const found: Assignment[] = [];
  let section = '';
  for (const line of logicalLines(text)) {
    const title = /^\[([^\]]+)\]$/.exec(line)?.[1];
    const at = line.indexOf('=');
    if (title !== undefined) section = title;
    else if (at > 0) found.push({ section, key: line.slice(0, at).trim(), value: line.slice(at + 1).trim() });
  }
  return found;
}

/** A backslash at its end joins a line to the next one by a blank; comments in between do not count. */
function logicalLines(text: string): string[] {
  const lines: string[] = [];
  let open = '';
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.trim();
    if (/^[#;]/.test(line) || (line === '' && open === '')) continue;
    if (line.endsWith('\\')) {
      open += `${line.slice(0, -1)} `;
      continue;
    }
    lines.push((open + line).trim());
    open = '';
  }
  return open === '' ? lines : [...lines, open.trim()];
}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  s: ' ',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
};

/** Words apart from each other by blanks; quotes hold one together wherever they begin, backslashes are those of C. */
export function splitUnitWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < text.length; at += 1) {
    const c = text.charAt(at);
    if (c === '\\' && at + 1 < text.length) {
      at += 1;
      const next = text.charAt(at);
      const code = next === 'x' ? /^[0-9a-fA-F]{2}/.exec(text.slice(at + 1))?.[0] : undefined;
      if (code !== undefined) at += 2;
      word = (word ?? '') + (code === undefined ? (escapes[next] ?? next) : String.fromCharCode(parseInt(code, 16)));
    } else if (quote !== '') {
      if (c === quote) quote = '';
      else word = (word ?? '') + c;
    } else if (c === '"' || c === "'") {
      quote = c;
      word ??= '';
    } else if (/\s/.test(c)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? '') + c;
    }
  }
  return word === undefined ? words : [...words, word];
}

/** The variables of an EnvironmentFile=: `NAME=value` lines, the value bare or in quotes (systemd.exec(5)). */
export function parseEnvironmentText(text: string): Record<string, string> {
  const pairs = logicalLines(text).flatMap((line): [string, string][] => {
    const [, name, value = ''] = /^\s*(?:export\s+)?([A-Za-z_]\w*)=(.*)$/s.exec(line) ?? [];
    return name === undefined ? [] : [[name, value.includes('"') || value.includes("'") ? joinQuoted(value) : value]];
  });
  return Object.fromEntries(pairs);
}

function joinQuoted(value: string): string {
  return splitUnitWords(value).join(' ');
}

const unitSeconds: Readonly<Record<string, number>> = {
  ...{ us: 1e-6, usec: 1e-6, µs: 1e-6, ms: 1e-3, msec: 1e-3, s: 1, sec: 1, second: 1, seconds: 1, '': 1 },
  ...{ m: 60, min: 60, minute: 60, minutes: 60, h: 3600, hr: 3600, hour: 3600, hours: 3600 },
  ...{ d: 86_400, day: 86_400, days: 86_400, w: 604_800, week: 604_800, weeks: 604_800 },
};

/** systemd.time(7): `90`, `5min 20s`, `infinity`. @returns seconds; undefined for what is no time span */
export function unitTimeSpan(text: string): number | undefined {
  if (text.trim() === 'infinity') return Infinity;
  const parts = text.trim().match(/\d+(?:\.\d+)?\s*[a-zµ]*/g);
  if (parts === null || parts.join('').replace(/\s/g, '') !== text.replace(/\s/g, '')) return undefined;
  const seconds = parts.map((part) => {
    const [, number = '', unit = ''] = /^([\d.]+)\s*(.*)$/.exec(part) ?? [];
    return Number(number) * (unitSeconds[unit] ?? NaN);
  });
  const sum = seconds.reduce((total, each) => total + each, 0);
  return Number.isNaN(sum) ? undefined : sum;
}

// A line of a log as the daemon wrote it: without colours, control characters and what journald, Docker or a JSON logger have put
// around it. What systemd and the kernel say keeps their names before it: `systemd: …`.
import { printable } from '../../values/printable.js';

const clock = String.raw`\d{1,2}:\d\d:\d\d\S*`;
/** `panacead[123]: `, after the host's name. */
const program = String.raw`[\w.-]{1,253} (?<program>[^\s:[\]]{1,64})(?:\[\d+\])?: `;

/** What may stand before a line, and journalctl's `--output` that makes it. */
const prefixes: readonly RegExp[] = [
  new RegExp(String.raw`^[A-Z][a-z]{2} [ \d]\d ${clock} ${program}`), // short, short-precise; syslog
  new RegExp(String.raw`^(?:[A-Z][a-z]{2} )?\d{4}-\d\d-\d\d[T ]${clock}(?: [A-Z]{1,5})? ${program}`), // short-iso, short-full
  new RegExp(String.raw`^\[ *\d+\.\d+\] ${program}`), // short-monotonic
  /^\d{4}-\d\d-\d\dT\S+ (?:stdout|stderr) [FP] /, // Kubernetes
  /^[\w.-]{1,64} +\| /, // Docker Compose
  /^\d{4}-\d\d-\d\dT[\d:.]+Z /, // docker logs -t
];

/** Log lines in log lines: journald's JSON around the daemon's own. */
const deepest = 3;

/** @param raw as it was read: one character a byte; bytes that are no UTF-8 become U+FFFD */
export function logText(raw: string): string {
  return textOf(Buffer.from(raw, 'latin1').toString('utf8'), deepest);
}

function textOf(line: string, depth: number): string {
  const text = withoutPrefix(printable(line).trim());
  if (!text.startsWith('{') || depth === 0) return text;
  const fields = jsonObject(text);
  return fields === undefined ? text : textOfFields(fields, depth - 1);
}

function withoutPrefix(text: string): string {
  for (const prefix of prefixes) {
    const found = prefix.exec(text);
    if (found === null) continue;
    const name = found.groups?.program;
    const rest = text.slice(found[0].length);
    return name === 'systemd' || name === 'kernel' ? `${name}: ${rest}` : rest;
  }
  return text;
}

function jsonObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined; // cut off, or no JSON after all
  }
}

function textOfFields(fields: Readonly<Record<string, unknown>>, depth: number): string {
  const inner = fields.MESSAGE ?? fields.log; // journald (systemd.journal-fields(7)); Docker's json-file
  if (inner !== undefined) {
    const said = textOf(Array.isArray(inner) ? ofBytes(inner) : wordOf(inner), depth);
    const by = fields.SYSLOG_IDENTIFIER;
    return by === 'systemd' || by === 'kernel' ? `${by}: ${said}` : said;
  }
  const { message, msg, ...rest } = fields;
  const pairs = Object.entries(rest).map(([key, value]) => [key, wordOf(value)] as const);
  const words = pairs.flatMap(([key, word]) => (word === '' ? [] : [`${key}=${word}`]));
  return printable([wordOf(message ?? msg), ...words].join(' ')).trim();
}

/** Objects and lists of a logger hold nothing that is looked for. */
function wordOf(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

/** What journald does not take for text it gives as numbers. */
function ofBytes(list: readonly unknown[]): string {
  return Buffer.from(list.map((each) => (typeof each === 'number' ? each : 0))).toString('utf8');
}

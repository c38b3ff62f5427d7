// Text from outside, made safe to print: what leaves here moves no cursor, sets no title, reverses no line, and shows no
// password of an address. Every function is linear in the length of its text.

// ECMA-48: CSI (5.4); OSC, DCS, SOS, PM and APC strings (5.6), closed or cut off by the line's end; other escapes (5.3).
const controlSequence =
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\n\r]*(?:\x07|\x1b\\|\x9c)?|\x1b[ -/]*[0-~]?/g;
/** UAX #9: the characters that change the direction of the text after them. */
const direction = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const lineEnds = /\r\n|[\n\r\u2028\u2029]/;

/**
 * One line: control sequences and control characters are gone, line ends and tabs are blanks, passwords in addresses are
 * masked, and half a surrogate pair is U+FFFD.
 */
export function printable(text: string): string {
  return maskCredentials(
    text
      .replace(controlSequence, '')
      .replace(/[\t\n\r\u2028\u2029]/g, ' ')
      .replace(/\p{Cc}/gu, '')
      .replace(direction, '')
      .replace(/\p{Cs}/gu, '\ufffd'),
  );
}

/** The lines of `text`, each as `printable` makes it; a carriage return (a progress display) ends a line too. */
export function printableLines(text: string): string[] {
  return text.split(lineEnds).map(printable);
}

/**
 * A value for an error message: in quotes, with control characters spelled out (`\n`), so that one sees what is wrong.
 * @param limit characters shown at most; `…` stands for the rest
 */
export function quoted(text: string, limit = 120): string {
  const spelled = JSON.stringify(text).slice(1, -1); // spells C0, quotes and lone surrogates (ECMA-262, QuoteJSONString)
  const masked = maskCredentials(spelled.replace(/[\x7f-\x9f]/g, (c) => `\\x${c.charCodeAt(0).toString(16)}`));
  const safe = printable(masked);
  return `"${safe.length > limit ? `${Array.from(safe).slice(0, limit).join('')}…` : safe}"`;
}

/**
 * Replaces the user and password of every URL in `text` by `***`. The user `git` alone stays: it is the same everywhere.
 * A token is often given as the user, and a password may hold a `/` that ought to be escaped (RFC 3986, 3.2.1).
 */
export function maskCredentials(text: string): string {
  return text.replace(/:\/\/[^\s"'<>]+/g, (found) => {
    const rest = found.slice(3);
    const at = endOfUserInfo(rest);
    return at === undefined || rest.slice(0, at) === 'git' ? found : `://***${rest.slice(at)}`;
  });
}

/** @returns the place of the `@` (or of the end) that ends the user part of what follows `://`; undefined: there is none */
function endOfUserInfo(rest: string): number | undefined {
  const authority = /^[^/?#]*/.exec(rest)?.[0] ?? '';
  const at = authority.lastIndexOf('@');
  if (at !== -1) return at;
  const port = /^(?:\[[^\]]*\]|[^:]*):(.*)$/.exec(authority)?.[1];
  if (port === undefined || /^\d*\W*$/.test(port)) return undefined;
  const last = rest.lastIndexOf('@'); // no port: half a password, cut by an unescaped `/`, `?` or `#`
  return last === -1 ? undefined : last;
}

// Go's strconv.Quote: what log lines of cosmovisor put around values.

const named = new Map([
  ['\x07', '\\a'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\v', '\\v'],
  ['"', '\\"'],
  ['\\', '\\\\'],
]);

/** In double quotes; what Go does not hold to be printable (strconv.IsPrint) is spelled out. A lone surrogate is U+FFFD. */
export function goQuote(text: string): string {
  const spelled = text.replace(/["\\]|\p{Cs}|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, spell);
  return `"${spelled}"`;
}

function spell(character: string): string {
  const name = named.get(character);
  if (name !== undefined) return name;
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20 || code === 0x7f) return `\\x${hex(code, 2)}`;
  if (code >= 0xd800 && code <= 0xdfff) return '\ufffd';
  return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}

// How the source of a chain names its upgrade handlers: texts with `{name}` in them, not regular expressions, so that a
// stranger's recipe cannot make the search take for ever.

/** What stands for the upgrade's name in a pattern; it must stand between two quotes. */
const placeholder = '{name}';
const quotes = '"\'`';

/** @returns why `pattern` cannot be used; undefined where it can */
export function whyNoHandlerPattern(pattern: string): string | undefined {
  const parts = pattern.split(placeholder);
  if (parts.length !== 2) return `must have ${placeholder} in it exactly once`;
  const [before = '', after = ''] = parts;
  if (!quotes.includes(before.at(-1) ?? ' ') || after.at(0) !== before.at(-1)) {
    return `must have ${placeholder} between quotes, as in SetUpgradeHandler("${placeholder}"`;
  }
  return before.trim().length < 3 ? `must have more than a quote before ${placeholder}` : undefined;
}

/**
 * The names of the upgrades that `source` handles, by `patterns`, each once, in the order in which they are found.
 * A blank in a pattern stands for any number of blanks and line ends, none too. Comments are searched as well.
 */
export function handlersIn(source: string, patterns: readonly string[]): string[] {
  const found = patterns.flatMap((pattern) => {
    const [before = '', after = ''] = pattern.trim().split(placeholder);
    const quote = after.charAt(0);
    const search = new RegExp(`${literal(before)}([^${quote}\\n]{1,255})${literal(after)}`, 'g');
    return Array.from(source.matchAll(search), (match) => match[1] ?? '');
  });
  return [...new Set(found)];
}

function literal(text: string): string {
  return text
    .split(/\s+/)
    .map((part) => part.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'))
    .join('\\s*');
}

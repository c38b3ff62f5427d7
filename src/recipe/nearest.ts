// Which names come nearest to one that is not there. Names with numbers are compared number by number; never as semver,
// which puts v2.2.0-1 before v2.2.0.

/** The numbers of the leading version in a name: [2, 1, 0] for v2.1.0-alpha.3; undefined where it has none. */
export function versionParts(name: string): number[] | undefined {
  const found = /^v?(\d{1,9}(?:\.\d{1,9})*)/i.exec(name)?.[1];
  return found?.split('.').map(Number);
}

/** All numbers in a name, for an order among tags of one version: [2, 1, 0, 3] for v2.1.0-alpha.3. */
function allNumbers(name: string): number[] {
  return Array.from(name.matchAll(/\d{1,9}/g), ([digits]) => Number(digits));
}

/** Number by number; where one has no more, it comes first. */
export function compareParts(a: readonly number[], b: readonly number[]): number {
  const differs = Array.from({ length: Math.max(a.length, b.length) }, (_, i) => i).find((i) => a[i] !== b[i]);
  return differs === undefined ? 0 : (a[differs] ?? -1) - (b[differs] ?? -1);
}

/**
 * How many letters must be put in, taken out or replaced to make `b` of `a` (Levenshtein).
 * @param limit above which the exact number does not matter: the answer is then `limit + 1`
 */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const above = row;
    row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (above[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, (above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    if (Math.min(...row) > limit) return limit + 1;
  }
  return Math.min(row[b.length] ?? 0, limit + 1);
}

/**
 * The tags that come nearest to `name`, best first: those of which it is the beginning (v2.1.0: v2.1.0-alpha.3), the highest
 * numbers first; where there is none, those that a slip or two of the finger makes of it.
 */
export function nearestTags<Name extends string>(name: string, tags: readonly Name[], limit = 5): Name[] {
  const wanted = name.toLowerCase();
  const higherFirst = (a: Name, b: Name): number => compareParts(allNumbers(b), allNumbers(a)) || (a < b ? -1 : 1);
  const begun = tags.filter((tag) => {
    const rest = tag.toLowerCase().startsWith(wanted) ? tag.slice(wanted.length) : '';
    return rest !== '' && !(/^\d/.test(rest) && /\d$/.test(wanted)); // v2.0.1 does not begin v2.0.10
  });
  if (begun.length > 0 && wanted !== '') return begun.sort(higherFirst).slice(0, limit);
  const slips = wanted.length < 4 ? 1 : 2;
  return tags
    .map((tag) => ({ tag, distance: editDistance(tag.toLowerCase(), wanted, slips) }))
    .filter(({ distance }) => distance <= slips)
    .sort((a, b) => a.distance - b.distance || higherFirst(a.tag, b.tag))
    .slice(0, limit)
    .map(({ tag }) => tag);
}

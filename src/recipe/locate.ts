// From a place in a recipe's data to line and column of its text.
import { isMap, isNode, isScalar, type Document, type LineCounter, type Node, type Pair } from 'yaml';

/**
 * @param path keys and indexes from the root on; where the last ones are not in the document (a missing key, what an alias
 *   stands for), the nearest thing around them is meant
 * @param atKey means the key itself, not its value: for a key that should not be there
 * @returns `line:column`, both from 1 on
 */
export function locate(document: Document, lines: LineCounter, path: readonly PropertyKey[], atKey = false): string {
  let node: Node | null = document.contents;
  let offset = node?.range?.[0] ?? 0;
  path.forEach((step, depth) => {
    const pair = isMap(node)
      ? node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step))
      : undefined;
    if (pair !== undefined && atKey && depth === path.length - 1) offset = startOfKey(pair) ?? offset;
    node = next(node, pair, step);
    if (node?.range && !(atKey && depth === path.length - 1)) offset = node.range[0];
  });
  const { line, col } = lines.linePos(offset);
  return `${line}:${col}`;
}

function next(node: Node | null, pair: Pair | undefined, step: PropertyKey): Node | null {
  if (pair !== undefined) return isNode(pair.value) ? pair.value : null;
  if (node === null || isMap(node) || !('items' in node) || !Array.isArray(node.items)) return null;
  const item: unknown = node.items[Number(step)];
  return isNode(item) ? item : null;
}

function startOfKey(pair: Pair): number | undefined {
  return isNode(pair.key) ? pair.key.range?.[0] : undefined;
}

// From what was seen in a log to what it comes to. The last words decide: what came before the node made blocks again is history,
// and of one life of the daemon the last cause counts, a symptom only where no cause is there.
import type { Recipe } from '../../recipe/schema.js';
import type { HomeFacts } from './home-facts.js';
import type { Reading, Sighting } from './reading.js';
import type { Kind, Known } from './signature.js';

export interface Explained {
  /** Of the row in the table. */
  readonly id: string;
  readonly kind: Kind;
  readonly line: number;
  /** As the log has it. */
  readonly text: string;
  readonly times: number;
  readonly means: string;
  readonly toDo: readonly string[];
}

export interface Explanation {
  /** What the log ends on; undefined: nothing that is known. */
  readonly last: Explained | undefined;
  /** The daemon was started again after that, and has made no block since. */
  readonly startedSince: boolean;
  /** Other causes of the same life, the latest first. */
  readonly also: readonly Explained[];
  /** What is history, the latest first. */
  readonly earlier: readonly Explained[];
}

/** Of what is history no more is told. */
const mostEarlier = 10;

/** Pure. @param home what is known of it; undefined: nothing */
export function explain(
  { sightings, started, block }: Reading,
  { home, recipe }: { readonly home: HomeFacts | undefined; readonly recipe: Recipe | undefined },
): Explanation {
  const knownTo = ({ version, applying }: Sighting): Known => ({ home, recipe, version, applying });
  const latestFirst = sightings
    .filter((each) => each.signature.concerns?.(each.found, knownTo(each)) !== false)
    .toReversed();
  const alive = latestFirst.filter(({ line }) => line > (block?.line ?? 0));
  const inLastLife = alive.filter(({ line }) => line > started);
  const pool = inLastLife.length > 0 ? inLastLife : alive;
  const last = firstOf(pool, 'cause') ?? firstOf(pool, 'symptom') ?? firstOf(pool, 'passing');
  const also = last === undefined ? [] : pool.filter((each) => each !== last && isWorthTelling(each, last));
  const told = (each: Sighting): Explained => explained(each, knownTo(each));
  return {
    last: last && told(last),
    startedSince: last !== undefined && started > last.line,
    also: also.map(told),
    earlier: latestFirst
      .filter((each) => !pool.includes(each))
      .slice(0, mostEarlier)
      .map(told),
  };
}

function firstOf(sightings: readonly Sighting[], kind: Kind): Sighting | undefined {
  return sightings.find(({ signature }) => signature.kind === kind);
}

/** Beside a cause its symptoms tell nothing; and one cause is often said twice, with and without a detail. */
function isWorthTelling({ signature: { id, kind } }: Sighting, last: Sighting): boolean {
  return id !== last.signature.id && (kind === 'cause' || (kind === 'symptom' && last.signature.kind === 'symptom'));
}

function explained({ signature, found, line, text, times }: Sighting, known: Known): Explained {
  const { id, kind } = signature;
  return {
    id,
    kind,
    line,
    text,
    times,
    means: signature.means(found, known).trim(),
    toDo: signature.toDo(found, known),
  };
}

/** The upgrades that a log speaks of, as it spells them. */
export function upgradesNamed({ sightings }: Reading): readonly string[] {
  return [...new Set(sightings.flatMap(({ found: { name } }) => (name === undefined ? [] : [name])))];
}

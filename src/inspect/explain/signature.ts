// What a row of the table of signatures is.
import type { Recipe } from '../../recipe/schema.js';
import type { HomeFacts } from './home-facts.js';

/** `cause`: it tells why. `symptom`: it counts where no cause was seen. `passing`: nothing is wrong, and it is worth knowing. */
export type Kind = 'cause' | 'symptom' | 'passing';

/** What a pattern's named groups have found; a group that took no part is not in it. */
export type Captures = Readonly<Record<string, string>>;

/** What is known beside the line itself. */
export interface Known {
  /** undefined: there is no home, or it cannot be read. */
  readonly home: HomeFacts | undefined;
  /** The release table; undefined where it is another chain's. */
  readonly recipe: Recipe | undefined;
  /** What the daemon that said it calls its own version, as the log has it. */
  readonly version: string | undefined;
  /** The upgrade that it was applying at that time, as the log has it. */
  readonly applying: string | undefined;
}

export interface Signature {
  /** Part of `--json`: it stays. */
  readonly id: string;
  readonly kind: Kind;
  /** Each pattern needs one of these, letter by letter: a line without any is not looked at. */
  readonly words: readonly string[];
  /** For a line as `logText` makes it. They take time linear in its length. */
  readonly patterns: readonly RegExp[];
  /** False where the line is about another process than the node. */
  concerns?(found: Captures, known: Known): boolean;
  /** One or two sentences. */
  means(found: Captures, known: Known): string;
  /** What to do, step by step; a command stands at a line's end. */
  toDo(found: Captures, known: Known): readonly string[];
}

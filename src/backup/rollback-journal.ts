// What a rollback is about to do, on disk before it does it. A journal that says `building` is undone by whoever finds it, one that
// says `decided` is done: `finish-rollback.ts`.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';

import { CvtoolError, messageOf } from '../errors/cvtool-error.js';
import type { HomePaths } from '../home/paths.js';
import { syncPath } from '../home/sync.js';
import { writeWhole } from '../home/write-whole.js';

export interface ReplacedTree {
  readonly tree: 'data' | 'wasm';
  /** What is replaced, after all links. */
  readonly target: string;
  /** Beside it, made of the backup. */
  readonly fresh: string;
  /** Where what is replaced goes. */
  readonly replaced: string;
  /** Was there a target when it began? */
  readonly existed: boolean;
}

export interface RollbackJournal {
  readonly schema: 1;
  readonly state: 'building' | 'decided';
  /** The backup's folder. */
  readonly backup: string;
  readonly trees: readonly ReplacedTree[];
  /** What `current` shall point to; null: it stays. */
  readonly current: string | null;
}

/** @returns undefined where there is none @throws ROLLBACK_FAILED where it is damaged */
export function readJournal(home: HomePaths): RollbackJournal | undefined {
  if (!existsSync(home.rollbackJournal)) return undefined;
  try {
    const value = JSON.parse(readFileSync(home.rollbackJournal, 'utf8')) as Omit<RollbackJournal, 'schema'> & {
      schema: number;
    };
    const isPath = (path: unknown): boolean => typeof path === 'string' && path.startsWith('/');
    const isSound = value.trees.every(({ target, fresh, replaced }) => [target, fresh, replaced].every(isPath));
    if (value.schema === 1 && isSound && /^(building|decided)$/.test(value.state)) return { ...value, schema: 1 };
    throw new Error('it is of another form');
  } catch (error) {
    throw new CvtoolError('ROLLBACK_FAILED', `${home.rollbackJournal} cannot be read: ${messageOf(error)}`, {
      hint: 'A rollback was under way. Look at data, data-restoring-… and data-replaced-… beside it, put the right one in its place, then remove that file.',
      cause: error,
    });
  }
}

/** Durable when it returns. */
export function writeJournal(home: HomePaths, journal: RollbackJournal): void {
  writeWhole(home.rollbackJournal, `${JSON.stringify(journal)}\n`, 0o644);
}

export function removeJournal(home: HomePaths): void {
  rmSync(home.rollbackJournal, { force: true });
  syncPath(dirname(home.rollbackJournal));
}

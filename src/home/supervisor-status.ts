// What a running supervisor says of itself in `.cvtool/supervisor.json`. It writes the file without care, and a killed one leaves
// it: so it counts only while the process that wrote it holds the run's lock, which is the caller's to find out.
import { readFileSync } from 'node:fs';

import { hasCode } from '../errors/cvtool-error.js';
import type { HomePaths } from './paths.js';

export interface SupervisorStatus {
  readonly pid: number;
  readonly phase: string;
  /** The daemon's pid. */
  readonly daemon: number | undefined;
  /** The upgrade under way. */
  readonly upgrade: string | undefined;
}

/** @returns undefined where there is none, or one that is half-written */
export function readSupervisorStatus(home: HomePaths): SupervisorStatus | undefined {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(home.supervisorStatus, 'utf8'));
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'EACCES') || error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { pid, phase, daemon, upgrade } = value as Record<string, unknown>;
  if (typeof pid !== 'number' || typeof phase !== 'string') return undefined;
  return {
    pid,
    phase,
    daemon: typeof daemon === 'number' ? daemon : undefined,
    upgrade: typeof upgrade === 'string' ? upgrade : undefined,
  };
}

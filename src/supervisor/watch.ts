// Watches the plan files of data/: a file-system event is acted on at once, the poll is the fallback. What counts is that a file
// is another than before: mtime, size, inode, content. The poll is libuv's (uv_fs_poll): nothing of ours runs until it has
// seen a difference, so an idle supervisor does nothing.
import { statSync, unwatchFile, watch, watchFile, type FSWatcher } from 'node:fs';

import { isSystemError } from '../errors/cvtool-error.js';
import type { HomePaths } from '../home/paths.js';
import { fileState, manualPlansFile, planFile, wasWritten } from '../home/plan-files.js';
import { longest } from './long-timer.js';

export interface PlanWatch {
  /** Looks now: after the daemon has ended its last word counts. */
  look(): void;
  close(): void;
}

/**
 * @param pollInterval in milliseconds
 * @param onChange is told which of the two files is another; the first look is taken for known already
 */
export function watchPlans(
  home: HomePaths,
  pollInterval: number,
  onChange: (which: 'plan' | 'manual') => void,
): PlanWatch {
  const files = { plan: planFile(home), manual: manualPlansFile(home) };
  const seen = { plan: fileState(files.plan, undefined), manual: fileState(files.manual, undefined) };
  let watcher: FSWatcher | undefined;
  let watched: bigint | undefined;
  const look = (): void => {
    watchFolder();
    for (const which of ['plan', 'manual'] as const) {
      const before = seen[which];
      seen[which] = fileState(files[which], before);
      if (wasWritten(before, seen[which])) onChange(which);
    }
  };
  const closeWatcher = (): void => {
    watcher?.close();
    watcher = undefined;
    watched = undefined;
  };
  /** A folder that was put in the place of the watched one is silent for ever: its inode tells. */
  const watchFolder = (): void => {
    const inode = inodeOf(home.data);
    if (inode === watched) return;
    closeWatcher();
    if (inode === undefined) return;
    try {
      watcher = watch(home.data, { persistent: false }, (_, name) => {
        if (name === null || name.startsWith('upgrade-info.json')) look();
      });
      watcher.on('error', closeWatcher); // the poll goes on, and watches anew
      watched = inode;
    } catch (error) {
      if (!isSystemError(error)) throw error; // inotify's limits, a folder that goes away: the poll must do
    }
  };
  watchFolder();
  const interval = Math.min(pollInterval, longest);
  const polled = Object.values(files);
  for (const path of polled) watchFile(path, { interval, bigint: true }, look);
  const afterFirst = setTimeout(look, interval); // what was written before the poll took its first look is no difference to it
  return {
    look,
    close: () => {
      clearTimeout(afterFirst);
      for (const path of polled) unwatchFile(path, look);
      closeWatcher();
    },
  };
}

function inodeOf(folder: string): bigint | undefined {
  try {
    return statSync(folder, { bigint: true }).ino;
  } catch (error) {
    if (isSystemError(error)) return undefined; // it is looked for again
    throw error;
  }
}

// A process group by its id, that of the process which was started as its leader: signalled whole, and asked whether it lives.
import { readdirSync, readFileSync } from 'node:fs';

import { hasCode } from '../errors/cvtool-error.js';

/** @returns false where no process of the group is left, or none that this user may signal */
export function signalGroup(group: number | undefined, signal: NodeJS.Signals): boolean {
  return group !== undefined && send(group, signal);
}

/**
 * Is there a process of the group that has not ended? One that has ended is in it until somebody asks for its status: in a
 * container whose first process never does, for ever.
 */
export function groupLives(group: number | undefined): boolean {
  if (group === undefined || !send(group, 0)) return false;
  return readdirSync('/proc').some((name) => /^\d+$/.test(name) && isLiveMember(name, group));
}

function send(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch (error) {
    if (hasCode(error, 'ESRCH', 'EPERM')) return false;
    throw error;
  }
}

/** proc(5): the state and, two fields on, the group stand after the name, which is in brackets and may have any in it. */
function isLiveMember(pid: string, group: number): boolean {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state = '', , ofGroup] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return Number(ofGroup) === group && !/[ZXx]/.test(state);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ESRCH', 'EACCES')) return false; // it has ended meanwhile
    throw error;
  }
}

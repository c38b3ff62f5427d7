// A stream for whole lines that does not make its writer wait. A blocking write to a full pipe would hold the supervisor for as
// long as nobody reads, and O_NONBLOCK on the descriptor itself would be the daemon's too, which shares it. So a pipe or a
// terminal is opened once more under /proc/self/fd: the same pipe, with flags of its own (proc(5); open(2), "open file
// description"). A socket, such as journald's, cannot be opened again: there a writer waits for its reader.
import { constants, fstatSync, openSync, writeSync } from 'node:fs';

export interface Outlet {
  /** Text that ends with a line end. It goes out in one write, or is lost. */
  write(text: string): void;
}

/** @param fd 1 or 2 */
export function outlet(fd: number): Outlet {
  let own: number | undefined;
  let torn = false;
  return {
    write(text) {
      own ??= reopened(fd);
      const bytes = Buffer.from(torn ? `\n${text}` : text);
      const written = writeOnce(own, bytes);
      if (written === 0) return;
      torn = written < bytes.length && writeOnce(own, bytes.subarray(written)) < bytes.length - written;
    },
  };
}

/** A terminal, by what its descriptor is: asking `node:tty` costs a megabyte. Major 1 are /dev/null and its like. */
export function isTerminal(fd: number): boolean {
  try {
    const stat = fstatSync(fd);
    return stat.isCharacterDevice() && ((stat.rdev >> 8) & 0xfff) !== 1;
  } catch {
    return false; // closed
  }
}

/** @returns `fd` itself where it cannot be opened again: a socket, another user's pipe, no /proc */
function reopened(fd: number): number {
  try {
    if (!fstatSync(fd).isFIFO() && !isTerminal(fd)) return fd; // a file opened again would be written from its start
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return fd;
  }
}

/** @returns how many bytes went out; none where there is no reader (EPIPE), no room (EAGAIN, ENOSPC), or anything else is wrong */
function writeOnce(fd: number, bytes: Buffer): number {
  try {
    return writeSync(fd, bytes);
  } catch {
    return 0; // a log may suffer anything: it is never the supervisor's end
  }
}

// Timers of any length. Node's own wait at most 2^31-1 ms, about 24.8 days, and fire at once where they are told to wait longer
// (nodejs.org/api/timers.html, setTimeout); a duration of the configuration may be a year.

/** Milliseconds: the longest that one timer of Node can wait. */
export const longest = 2 ** 31 - 1;

export interface LongTimer {
  cancel(): void;
}

/** Calls `onEnd` once, after so many milliseconds. */
export function startLongTimer(milliseconds: number, onEnd: () => void): LongTimer {
  let timer: NodeJS.Timeout;
  const wait = (left: number): void => {
    timer = setTimeout(() => (left > longest ? wait(left - longest) : onEnd()), Math.min(left, longest));
  };
  wait(milliseconds);
  return { cancel: () => clearTimeout(timer) };
}

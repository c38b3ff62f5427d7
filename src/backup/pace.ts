// A long task of small synchronous calls that leaves the event loop its turns, and ends where somebody wants it to.

/** How long the event loop may wait, in milliseconds. */
const longest = 20;

export interface Pace {
  /** Is it time for a turn? Cheap: to be asked before each small piece of work. */
  isDue(): boolean;
  /** Lets signals, timers and everybody else have their turn. @throws the signal's reason where it was aborted */
  turn(): Promise<void>;
}

/** @throws the signal's reason where it is aborted already */
export function startPace(signal: AbortSignal | undefined): Pace {
  let last = performance.now();
  signal?.throwIfAborted();
  return {
    isDue: () => performance.now() - last > longest,
    async turn() {
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
      last = performance.now();
    },
  };
}

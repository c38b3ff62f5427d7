import { readFileSync } from 'node:fs';

/** Polls until `condition` holds. @param limit in milliseconds @throws where it does not in time, naming `what` */
export async function waitUntil(what: string, condition: () => boolean, limit = 10_000): Promise<void> {
  const deadline = Date.now() + limit;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`not within ${limit} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Is there such a process, and not only its entry that nobody has asked for yet (a zombie)? */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

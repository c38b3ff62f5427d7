// Do two files hold the same bytes? Read side by side, a chunk at a time; files of unlike size are not read.
import { closeSync, openSync, readSync, statSync } from 'node:fs';

const chunkSize = 1 << 20;

/** @throws the system's error where one cannot be read */
export function haveSameBytes(one: string, other: string): boolean {
  if (statSync(one).size !== statSync(other).size) return false;
  const a = openSync(one, 'r');
  try {
    const b = openSync(other, 'r');
    try {
      return sameFrom(a, b, Buffer.alloc(chunkSize), Buffer.alloc(chunkSize));
    } finally {
      closeSync(b);
    }
  } finally {
    closeSync(a);
  }
}

function sameFrom(a: number, b: number, ofA: Buffer, ofB: Buffer): boolean {
  for (;;) {
    const count = readSync(a, ofA);
    if (readSync(b, ofB) !== count || !ofA.subarray(0, count).equals(ofB.subarray(0, count))) return false;
    if (count === 0) return true;
  }
}

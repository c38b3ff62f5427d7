// XXH64 (xxHash's specification, 0.1.1, "XXH64 algorithm"), seed 0: the sum behind a zstd frame. Four lanes take 32 bytes at a
// time in halves of 32 bits, since BigInt is ten times as slow; what happens once is done in BigInt.
const p1 = 0x9e3779b185ebca87n;
const p2 = 0xc2b2ae3d27d4eb4fn;
const p3 = 0x165667b19e3779f9n;
const p4 = 0x85ebca77c2b2ae63n;
const p5 = 0x27d4eb2f165667c5n;
const stripe = 32;
const [p1High, p1Low] = halves(p1);
const [p2High, p2Low] = halves(p2);

export class Xxhash64 {
  /** Of each lane the high half, then the low one. */
  readonly #lanes = Int32Array.from([p1 + p2, p2, 0n, -p1].flatMap(halves));
  /** Fewer bytes than a stripe has. */
  #rest = Buffer.alloc(0);
  #length = 0;

  update(chunk: Buffer): void {
    this.#length += chunk.length;
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const end = bytes.length - (bytes.length % stripe);
    for (let at = 0; at < end; at += stripe)
      for (let lane = 0; lane < 4; lane += 1) this.#round(lane * 2, bytes, at + lane * 8);
    this.#rest = Buffer.from(bytes.subarray(end));
  }

  digest(): bigint {
    let hash: bigint = p5;
    if (this.#length >= stripe) {
      const lanes = [0, 2, 4, 6].map((at) => whole(this.#lanes[at] ?? 0, this.#lanes[at + 1] ?? 0));
      hash = lanes.reduce((sum, lane, at) => sum + rotated(lane, [1n, 7n, 12n, 18n][at] ?? 0n), 0n);
      for (const lane of lanes) hash = (cut(hash) ^ round(lane)) * p1 + p4;
    }
    hash = cut(hash + BigInt(this.#length));
    const rest = this.#rest;
    let at = 0;
    for (; at + 8 <= rest.length; at += 8) hash = cut(rotated(hash ^ round(rest.readBigUInt64LE(at)), 27n) * p1 + p4);
    for (; at + 4 <= rest.length; at += 4)
      hash = cut(rotated(hash ^ cut(BigInt(rest.readUInt32LE(at)) * p1), 23n) * p2 + p3);
    for (const byte of rest.subarray(at)) hash = cut(rotated(hash ^ cut(BigInt(byte) * p5), 11n) * p1);
    hash = cut((hash ^ (hash >> 33n)) * p2);
    hash = cut((hash ^ (hash >> 29n)) * p3);
    return hash ^ (hash >> 32n);
  }

  /** lane = rotated(lane + input * p2, 31) * p1 */
  #round(lane: number, bytes: Buffer, at: number): void {
    const [inputLow, inputHigh] = [bytes.readInt32LE(at), bytes.readInt32LE(at + 4)];
    const laneLow = this.#lanes[lane + 1] ?? 0;
    const low = (laneLow + Math.imul(inputLow, p2Low)) | 0;
    const carry = low >>> 0 < laneLow >>> 0 ? 1 : 0;
    const high = ((this.#lanes[lane] ?? 0) + productHigh(inputHigh, inputLow, p2High, p2Low) + carry) | 0;
    const [turnedHigh, turnedLow] = [(high << 31) | (low >>> 1), (low << 31) | (high >>> 1)];
    this.#lanes[lane] = productHigh(turnedHigh, turnedLow, p1High, p1Low);
    this.#lanes[lane + 1] = Math.imul(turnedLow, p1Low);
  }
}

/** @returns the high half of the low 64 bits of a product; its low half is Math.imul(aLow, bLow) */
function productHigh(aHigh: number, aLow: number, bHigh: number, bLow: number): number {
  const [a0, a1, b0, b1] = [aLow & 0xffff, aLow >>> 16, bLow & 0xffff, bLow >>> 16];
  const middle = a1 * b0 + ((a0 * b0) >>> 16); // below 2 ** 32, as is the next line
  const other = a0 * b1 + (middle & 0xffff);
  return (a1 * b1 + (middle >>> 16) + (other >>> 16) + Math.imul(aHigh, bLow) + Math.imul(aLow, bHigh)) | 0;
}

function round(input: bigint): bigint {
  return cut(rotated(cut(input * p2), 31n) * p1);
}

function rotated(value: bigint, bits: bigint): bigint {
  return cut(value << bits) | (value >> (64n - bits));
}

function cut(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}

function halves(value: bigint): [high: number, low: number] {
  return [Number(BigInt.asIntN(32, value >> 32n)), Number(BigInt.asIntN(32, value))];
}

function whole(high: number, low: number): bigint {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

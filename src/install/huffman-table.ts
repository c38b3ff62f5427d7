// A canonical Huffman code: codes of one length are numbered in the order of their symbols, longer ones behind shorter ones.
import type { BitReader } from './bit-reader.js';

const mostBits = 20;
/** Codes up to this length are looked up, longer ones are searched. */
const quickBits = 10;

export class HuffmanTable {
  /** By the next bits: the symbol above the length of its code; 0 where the code is longer. */
  readonly #quick = new Uint16Array(1 << quickBits);
  /** By length: the first code behind those of that length, how far a code is from its symbol's place, and the symbols. */
  readonly #limits = new Int32Array(mostBits + 1);
  readonly #offsets = new Int32Array(mostBits + 1);
  readonly #symbols: Uint16Array;

  /**
   * @param lengths of the codes, by symbol, 1 to 20
   * @throws Error where there are more codes than fit
   */
  constructor(lengths: Uint8Array) {
    this.#symbols = new Uint16Array(lengths.length);
    let [code, place] = [0, 0];
    for (let length = 1; length <= mostBits; length += 1) {
      code <<= 1;
      this.#offsets[length] = place - code;
      lengths.forEach((its, symbol) => {
        if (its !== length) return;
        this.#symbols[place] = symbol;
        place += 1;
        if (length <= quickBits) {
          const start = code << (quickBits - length);
          this.#quick.fill((symbol << 5) | length, start, start + (1 << (quickBits - length)));
        }
        code += 1;
      });
      this.#limits[length] = code;
      if (code > 1 << length) throw new Error('a damaged Huffman table');
    }
  }

  symbol(bits: BitReader): number {
    const quick = this.#quick[bits.peek(quickBits)] ?? 0;
    if (quick !== 0) {
      bits.skip(quick & 31);
      return quick >> 5;
    }
    const code = bits.peek(mostBits);
    for (let length = quickBits + 1; length <= mostBits; length += 1) {
      const its = code >>> (mostBits - length);
      if (its >= (this.#limits[length] ?? 0)) continue;
      bits.skip(length);
      return this.#symbols[its + (this.#offsets[length] ?? 0)] ?? 0;
    }
    throw new Error('a damaged Huffman code');
  }
}

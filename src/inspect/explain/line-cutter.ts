// Cuts a stream of bytes into lines, whatever the bytes are: of a line no more than its first part is kept, so that gigabytes
// without a line end need no more memory than any other log.

/** Characters kept of a line. What identifies a failure stands at its beginning, the stack behind it. */
const longest = 32 * 1024;

export class LineCutter {
  readonly #take: (line: string) => void;
  #begun = '';
  #isOpen = false;

  /** @param take is given each line, one character a byte, without its end */
  constructor(take: (line: string) => void) {
    this.#take = take;
  }

  push(chunk: Buffer): void {
    const text = chunk.toString('latin1');
    let from = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', from)) {
      this.#take(this.#with(text, from, end));
      this.#begun = '';
      this.#isOpen = false;
      from = end + 1;
    }
    if (from === text.length) return;
    this.#begun = this.#with(text, from, text.length);
    this.#isOpen = true;
  }

  /** The last line may lack its end. */
  end(): void {
    if (this.#isOpen) this.#take(this.#begun);
    this.#begun = '';
    this.#isOpen = false;
  }

  #with(text: string, from: number, end: number): string {
    const room = longest - this.#begun.length;
    return room <= 0 ? this.#begun : this.#begun + text.slice(from, Math.min(end, from + room));
  }
}

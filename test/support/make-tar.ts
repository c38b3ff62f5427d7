// A tar, byte by byte (POSIX.1-2017, pax), so that a test can write down what no archiver would.
export interface TarEntry {
  readonly name: string;
  readonly content?: string | Buffer;
  readonly mode?: number;
  /** The type's character: 2 is a symbolic link, 5 a folder. */
  readonly type?: string;
  readonly linkTarget?: string;
  /** What the archive says instead of the content's own size. */
  readonly size?: number;
  /** The part of the name before a slash (ustar). */
  readonly prefix?: string;
}

const blockSize = 512;

/** @param end what stands behind the entries */
export function makeTar(entries: readonly TarEntry[], end = Buffer.alloc(2 * blockSize)): Buffer {
  return Buffer.concat([...entries.map(tarEntry), end]);
}

export function tarEntry({ name, content = '', mode = 0o644, type = '0', ...rest }: TarEntry): Buffer {
  const data = Buffer.from(content);
  const header = Buffer.alloc(blockSize);
  header.write(name, 0, 100);
  header.write(octal(mode, 8), 100);
  header.write(octal(0, 8), 108);
  header.write(octal(0, 8), 116);
  header.write(octal(rest.size ?? data.length, 12), 124);
  header.write(octal(1_500_000_000, 12), 136);
  header.write(type, 156, 1, 'latin1');
  header.write(rest.linkTarget ?? '', 157, 100);
  header.write('ustar\x0000', 257);
  header.write(rest.prefix ?? '', 345, 155);
  return Buffer.concat([withSum(header), data, Buffer.alloc((blockSize - (data.length % blockSize)) % blockSize)]);
}

/** @returns `header` with the sum that it should have, in place */
export function withSum(header: Buffer): Buffer {
  header.fill(' ', 148, 156);
  const sum = header.subarray(0, blockSize).reduce((all, byte) => all + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

/** What a pax header says of the next entry; of all entries behind it where `type` is g. */
export function paxHeader(records: Readonly<Record<string, string>>, type = 'x'): TarEntry {
  return { name: 'PaxHeaders/x', type, content: Object.entries(records).map(paxRecord).join('') };
}

function paxRecord([key, value]: [string, string]): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  while (String(length).length + rest !== length) length += 1;
  return `${length} ${key}=${value}\n`;
}

function octal(value: number, length: number): string {
  return `${value.toString(8).padStart(length - 1, '0')}\0`;
}

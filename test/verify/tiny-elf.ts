// The smallest files that the loader takes for a program and for libraries, written byte by byte: hundreds of random trees of
// them are made and asked about in seconds, which a linker could not do. 64-bit, little endian.
const machines: Readonly<Record<string, number>> = { x64: 62, arm64: 183 };
const DT = {
  NULL: 0,
  NEEDED: 1,
  HASH: 4,
  STRTAB: 5,
  SYMTAB: 6,
  STRSZ: 10,
  SYMENT: 11,
  SONAME: 14,
  RPATH: 15,
  RUNPATH: 29,
};
const flags1 = 0x6fff_fffb;

export interface TinyElf {
  readonly needed?: readonly string[];
  readonly soname?: string | undefined;
  readonly rpath?: string | undefined;
  readonly runpath?: string | undefined;
  readonly nodeflib?: boolean | undefined;
  /** Makes it a program. */
  readonly interpreter?: string | undefined;
  readonly class?: 32 | 64;
  readonly machine?: number;
}

export function tinyElf(of: TinyElf): Buffer {
  const strings: string[] = [''];
  const nameAt = (text: string) => Buffer.byteLength(strings.join('\0')) + 1 + 0 * strings.push(text);
  const entries: [number, number][] = [];
  for (const name of of.needed ?? []) entries.push([DT.NEEDED, nameAt(name)]);
  if (of.soname !== undefined) entries.push([DT.SONAME, nameAt(of.soname)]);
  if (of.rpath !== undefined) entries.push([DT.RPATH, nameAt(of.rpath)]);
  if (of.runpath !== undefined) entries.push([DT.RUNPATH, nameAt(of.runpath)]);
  if (of.nodeflib === true) entries.push([flags1, 0x800]);
  const table = padded(Buffer.from(`${strings.join('\0')}\0`));
  const interpreter = padded(Buffer.from(`${of.interpreter ?? ''}\0`));

  const segments = of.interpreter === undefined ? 3 : 5;
  const at = { interpreter: 64 + segments * 56, table: 0, symbols: 0, hash: 0, dynamic: 0 };
  at.table = at.interpreter + interpreter.length;
  at.symbols = at.table + table.length;
  at.hash = at.symbols + 24;
  at.dynamic = at.hash + 16;
  entries.push([DT.STRTAB, at.table], [DT.STRSZ, table.length], [DT.SYMTAB, at.symbols], [DT.SYMENT, 24]);
  entries.push([DT.HASH, at.hash], [DT.NULL, 0]);
  const size = at.dynamic + entries.length * 16;

  const file = Buffer.alloc(size);
  file.set([0x7f, 0x45, 0x4c, 0x46, of.class === 32 ? 1 : 2, 1, 1]);
  file.writeUInt16LE(3, 16); // ET_DYN
  file.writeUInt16LE(of.machine ?? machines[process.arch] ?? 0, 18);
  file.writeUInt32LE(1, 20);
  file.writeUInt32LE(64, 32); // e_phoff
  file.set([64, 0, 56, 0, segments, 0], 52);
  let next = 64;
  const segment = (type: number, start: number, length: number, align: number) => {
    file.writeUInt32LE(type, next);
    file.writeUInt32LE(6, next + 4); // PF_R | PF_W: the loader writes into the dynamic section
    for (const [field, value] of [8, 16, 24].map((field) => [field, start] as const))
      file.writeUInt32LE(value, next + field);
    file.writeUInt32LE(length, next + 32);
    file.writeUInt32LE(length, next + 40);
    file.writeUInt32LE(align, next + 48);
    next += 56;
  };
  if (of.interpreter !== undefined) {
    segment(6, 64, segments * 56, 8); // PT_PHDR: from it the loader learns where it was mapped
    segment(3, at.interpreter, Buffer.byteLength(of.interpreter) + 1, 1);
  }
  segment(1, 0, size, 4096); // PT_LOAD
  segment(2, at.dynamic, entries.length * 16, 8); // PT_DYNAMIC
  segment(0x6474_e551, 0, 0, 16); // PT_GNU_STACK
  interpreter.copy(file, at.interpreter);
  table.copy(file, at.table);
  file.writeUInt32LE(1, at.hash); // nbucket
  file.writeUInt32LE(1, at.hash + 4); // nchain
  entries.forEach(([tag, value], index) => {
    file.writeBigUInt64LE(BigInt(tag), at.dynamic + index * 16);
    file.writeBigUInt64LE(BigInt(value), at.dynamic + index * 16 + 8);
  });
  return file;
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((8 - (bytes.length % 8)) % 8)]);
}

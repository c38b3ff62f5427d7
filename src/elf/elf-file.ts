// An ELF file, read as the loader reads it. Nothing here judges: that a file is for another machine is no error of reading.
// Whatever the bytes are, the answer is an ElfFile or an ElfError, in time and memory of the order of the file's size.
import type { ByteSource } from './bytes.js';
import { PT } from './constants.js';
import { readDynamic, type Dynamic } from './dynamic.js';
import { ElfError } from './elf-error.js';
import { fileHeader, readEncoding, readStructure, type Encoding } from './layout.js';
import { readSections, readSegments, type Section, type Segment } from './segments.js';

export interface ElfFile extends Encoding {
  readonly source: ByteSource;
  /** ET_* */
  readonly type: number;
  /** EM_* */
  readonly machine: number;
  readonly flags: number;
  readonly osabi: number;
  readonly segments: readonly Segment[];
  /** Empty where the section headers were stripped. */
  readonly sections: readonly Section[];
  /** The loader that the kernel starts: PT_INTERP. */
  readonly interpreter: string | undefined;
  readonly dynamic: Dynamic | undefined;
}

const identSize = 16;
const magic = [0x7f, 0x45, 0x4c, 0x46];
/** The kernel's load_elf_binary refuses a longer one: PATH_MAX. */
const longestInterpreter = 4096;

/** Does it begin as an ELF file? Tells "another kind of file" apart from "damaged", which `readElf` reports. */
export function isElf(source: ByteSource): boolean {
  if (source.size < magic.length) return false;
  const start = source.read(0, magic.length);
  return magic.every((byte, index) => start[index] === byte);
}

/**
 * Reads headers and dynamic section.
 * @throws ElfError where it is no ELF file, is damaged, or was cut off: each segment and section must end within the file
 */
export function readElf(source: ByteSource): ElfFile {
  if (!isElf(source)) throw new ElfError(source.name, 0, 'e_ident', 'no ELF magic: this is another kind of file');
  const encoding = readEncoding(source);
  const header = readStructure(source, encoding, fileHeader, identSize, 'ELF header');
  const segments = readSegments(source, encoding, header);
  return {
    source,
    ...encoding,
    type: header.e_type,
    machine: header.e_machine,
    flags: header.e_flags,
    osabi: source.read(7, 1, 'EI_OSABI')[0] ?? 0,
    segments,
    sections: readSections(source, encoding, header),
    interpreter: readInterpreter(source, segments),
    dynamic: readDynamic(source, encoding, segments),
  };
}

function readInterpreter(source: ByteSource, segments: readonly Segment[]): string | undefined {
  const segment = segments.find(({ type }) => type === PT.INTERP);
  if (segment === undefined) return undefined;
  const { offset, fileSize } = segment;
  if (fileSize < 2 || fileSize > longestInterpreter) {
    throw new ElfError(source.name, offset, 'PT_INTERP', `a path of ${fileSize} bytes`);
  }
  const bytes = source.read(offset, fileSize, 'PT_INTERP');
  if (bytes.at(-1) !== 0) throw new ElfError(source.name, offset, 'PT_INTERP', 'a path without NUL at its end');
  return Buffer.from(bytes.subarray(0, bytes.indexOf(0))).toString('utf8');
}

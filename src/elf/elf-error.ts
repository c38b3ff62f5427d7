// What is said of an ELF file that cannot be read: at which byte, which field, and what was found there.
import { CvtoolError } from '../errors/cvtool-error.js';

/** A damaged ELF file, or none at all. Its code is ELF_INVALID. */
export class ElfError extends CvtoolError {
  /** Offset in the file, in bytes. */
  readonly at: number;
  /** The field's name in elf(5), or what was to be read there. */
  readonly field: string;
  /** What stands there instead. */
  readonly found: string;

  constructor(name: string, at: number, field: string, found: string) {
    super('ELF_INVALID', `${name}: ${field} at byte ${at}: found ${found}`);
    this.at = at;
    this.field = field;
    this.found = found;
  }
}

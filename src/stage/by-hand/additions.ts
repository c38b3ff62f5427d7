// What an operator wants to add by hand: names, files and heights out of arguments, a list or a CSV file (cosmovisor 1.7.1,
// cmd/add_upgrade.go and cmd/batch_upgrade.go). Names pass the same rules wherever they come from.
import { closeSync, openSync, readSync } from 'node:fs';

import { CvtoolError, messageOf } from '../../errors/cvtool-error.js';
import { systemReason } from '../../errors/system-reason.js';
import { parseCsv } from '../../values/csv.js';
import { parsePlanName, type PlanName } from '../../values/plan-name.js';
import { quoted } from '../../values/printable.js';

export interface Addition {
  readonly name: PlanName;
  /** As it was given: relative to the working folder. */
  readonly file: string;
  /** undefined: no manual plan is made, the chain has its own. */
  readonly height: number | undefined;
}

/** In bytes; a hundred upgrades need some ten thousand. */
const largest = 16 * 1024 * 1024;

/** @param height as --upgrade-height has it; `0` means none, as in cosmovisor @throws NAME_INVALID, USAGE */
export function readAddition(name: string, file: string, height: string, recase: boolean): Addition {
  const number = parseHeight(height);
  if (number === undefined || number < 0) {
    throw new CvtoolError(
      'USAGE',
      `invalid argument ${quoted(height)} for "--upgrade-height" flag: it must be ${heights}`,
      {
        hint: 'Give the height at which the upgrade is to be made, or leave the flag out where the chain has a plan of its own.',
      },
    );
  }
  return { name: parsePlanName(name, { recase }), file, height: number === 0 ? undefined : number };
}

/** @param lists the values of --upgrade-list: `name:path:height,…` @throws USAGE, NAME_INVALID */
export function readLists(lists: readonly string[], recase: boolean): readonly Addition[] {
  let entries: readonly string[];
  try {
    entries = lists.flatMap((list) => parseCsv(list)).flatMap(({ fields }) => fields);
  } catch (error) {
    const hint = 'It is name:path:height, and the next one after a comma.';
    throw new CvtoolError('USAGE', `invalid argument for "--upgrade-list" flag: ${messageOf(error)}`, { hint });
  }
  const additions = entries.map((entry, position) => {
    const fields = entry.split(':');
    const hint =
      'An entry is name:path:height; where a name or a path has a colon or a comma in it, use --upgrade-file.';
    return readEntry(fields, {
      position,
      recase,
      wrong: `argument at position ${position} (${quoted(entry)}) is invalid`,
      hint,
    });
  });
  return notEmpty(additions, '--upgrade-list');
}

/** @param file a CSV file without a header, each line `name,path,height` @throws USAGE, NAME_INVALID */
export function readListFile(file: string, recase: boolean): readonly Addition[] {
  const failed = (doing: string, why: string): CvtoolError => {
    const hint = 'It must be a CSV file without a header: name,path,height in each line.';
    return new CvtoolError('USAGE', `error ${doing} upgrade CSV file ${file}: ${why}`, { hint });
  };
  const text = readBounded(file, failed);
  let records: ReturnType<typeof parseCsv>;
  try {
    records = parseCsv(text);
  } catch (error) {
    throw failed('parsing', messageOf(error));
  }
  const additions = records.map(({ fields, line }, position) => {
    const wrong = `error parsing upgrade CSV file ${file}: record on line ${line}: wrong number of fields`;
    const hint = 'Each line has three: name,path,height.';
    return readEntry(fields, { position, recase, wrong, hint });
  });
  return notEmpty(additions, file);
}

interface EntryPlace {
  readonly position: number;
  readonly recase: boolean;
  /** What to say where it has not three fields. */
  readonly wrong: string;
  readonly hint: string;
}

function readEntry(fields: readonly string[], { position, recase, wrong, hint }: EntryPlace): Addition {
  const [name, file, height] = fields;
  if (fields.length !== 3 || name === undefined || file === undefined || height === undefined)
    throw new CvtoolError('USAGE', wrong, { hint });
  const number = parseHeight(height.trim());
  if (number === undefined || number <= 0) {
    throw new CvtoolError(
      'USAGE',
      `upgrade height at position ${position} (${quoted(height)}) is invalid: it must be ${heights}`,
      {
        hint: `The entry is for upgrade ${quoted(name)}.`,
      },
    );
  }
  return { name: parsePlanName(name, { recase }), file, height: number };
}

function notEmpty(additions: readonly Addition[], where: string): readonly Addition[] {
  if (additions.length > 0) return additions;
  const hint = 'To make no manual upgrade at all any more, remove data/upgrade-info.json.batch.';
  throw new CvtoolError('USAGE', `there is no upgrade in ${where}`, { hint });
}

const heights = `an integer from 1 to ${Number.MAX_SAFE_INTEGER}`;

/** undefined: no integer in decimal, or one that is too large to be told exactly. */
function parseHeight(text: string): number | undefined {
  const number = /^[+-]?\d{1,17}$/.test(text) ? Number(text) : undefined;
  return Number.isSafeInteger(number) ? number : undefined;
}

/** Also of what is no regular file: `<(…)` of a shell. */
function readBounded(file: string, failed: (doing: string, why: string) => CvtoolError): string {
  try {
    const fd = openSync(file, 'r');
    try {
      const pieces: Buffer[] = [];
      for (let size = 0; ;) {
        const piece = Buffer.alloc(64 * 1024);
        const count = readSync(fd, piece);
        if (count === 0) return Buffer.concat(pieces).toString('utf8');
        size += count;
        if (size > largest) throw failed('reading', `it has more than ${largest} bytes`);
        pieces.push(piece.subarray(0, count));
      }
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (error instanceof CvtoolError) throw error;
    throw failed('opening', systemReason(error));
  }
}

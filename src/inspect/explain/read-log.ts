// A log from a file or a pipe, read to its end in little memory. What is no log as text is (a compressed file, journald's own) is
// told by its first bytes, with the command that makes one of it.
import { CvtoolError } from '../../errors/cvtool-error.js';
import { LineCutter } from './line-cutter.js';
import { LogReading, type Reading } from './reading.js';

/** By their first bytes: file(1)'s magic, and systemd's journal-def.h. */
const formats: readonly { readonly magic: string; readonly is: string; readonly instead: string }[] = [
  { magic: '\x1f\x8b', is: 'compressed by gzip', instead: 'zcat FILE | cvtool explain' },
  { magic: '\x28\xb5\x2f\xfd', is: 'compressed by zstd', instead: 'zstdcat FILE | cvtool explain' },
  { magic: '\xfd7zXZ\0', is: 'compressed by xz', instead: 'xzcat FILE | cvtool explain' },
  { magic: 'BZh', is: 'compressed by bzip2', instead: 'bzcat FILE | cvtool explain' },
  { magic: 'LPKSHHRH', is: "a file of journald's", instead: 'journalctl --file FILE | cvtool explain' },
];

/**
 * @param stop ends the reading where it is; what was read counts
 * @throws LOG_UNREADABLE for what is no text; the stream's error
 */
export async function readLog(chunks: AsyncIterable<Buffer>, stop: AbortSignal): Promise<Reading> {
  const reading = new LogReading();
  const cutter = new LineCutter((line) => reading.add(line));
  let isFirst = true;
  try {
    for await (const chunk of chunks) {
      if (isFirst) refuseOthers(chunk);
      isFirst = false;
      cutter.push(chunk);
    }
  } catch (error) {
    if (!stop.aborted) throw error; // else the stream was closed on purpose
  }
  cutter.end();
  return reading.result;
}

function refuseOthers(chunk: Buffer): void {
  const start = chunk.toString('latin1', 0, 16);
  const format = formats.find(({ magic }) => start.startsWith(magic));
  if (format === undefined) return;
  throw new CvtoolError('LOG_UNREADABLE', `what was given is ${format.is}, and no text`, { hint: format.instead });
}

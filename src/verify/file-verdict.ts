// L0: the file itself. It is there, a regular file that everybody may execute, whole, and a program for this kind of machine.
import { closeSync, lstatSync, openSync, readSync, statSync, type Stats } from 'node:fs';
import { basename, join } from 'node:path';

import { openByteSource } from '../elf/bytes.js';
import { readElf, type ElfFile } from '../elf/elf-file.js';
import { CvtoolError, hasCode, messageOf } from '../errors/cvtool-error.js';
import { printable } from '../values/printable.js';
import type { Finding } from './finding.js';
import { judgeHeader } from './header.js';
import { realPathOr } from './hidden-folders.js';
import type { Subject } from './subject.js';

export interface FileVerdict {
  readonly findings: readonly Finding[];
  readonly kind: 'elf' | 'script' | 'unusable';
  /** Only where `kind` is elf; its source is closed. */
  readonly elf: ElfFile | undefined;
}

const everybodyReadsAndExecutes = 0o555;

/** @throws the system's error where the file cannot be read for another reason than its absence or its mode */
export function judgeFile({ folder, binary, copyTo }: Pick<Subject, 'folder' | 'binary' | 'copyTo'>): FileVerdict {
  const link = lstatSync(binary, { throwIfNoEntry: false });
  const stat = link?.isSymbolicLink() === true ? statOrNothing(binary) : link;
  if (link === undefined || stat === undefined) {
    const text = link === undefined ? `there is no ${binary}` : `${binary} is a link to nothing`;
    return unusable([row('fail', text, 'Stage it again, or put the binary there.')]);
  }
  if (!stat.isFile()) return unusable([row('fail', `${binary} is no regular file`, 'Put the binary there.')]);
  const findings: Finding[] = [];
  if (copyTo !== undefined) return readProgram(binary, findings); // the copy is no link, and has its own mode
  if (link.isSymbolicLink()) {
    const text = `${binary} is a link to ${realPathOr(binary)}: what it leads to may change`;
    findings.push(row('warn', text, 'Copy the binary there: a staged folder should hold all that it needs.'));
  }
  findings.push(...modeRows(binary, stat), ...folderRows(folder, binary));
  return readProgram(binary, findings);
}

function readProgram(binary: string, findings: Finding[]): FileVerdict {
  try {
    const interpreter = scriptInterpreter(binary);
    if (interpreter !== undefined) {
      findings.push(row('unknown', `a script for ${interpreter}: what it starts cannot be judged`));
      return { findings, kind: 'script', elf: undefined };
    }
    const source = openByteSource(binary);
    try {
      const elf = readElf(source);
      const header = [...judgeHeader(elf), ...interpreterRows(elf)];
      findings.unshift(...header);
      return header.some(({ status }) => status === 'fail') ? unusable(findings) : { findings, kind: 'elf', elf };
    } finally {
      source.close();
    }
  } catch (error) {
    if (hasCode(error, 'EACCES', 'EPERM'))
      return unusable([...findings, row('fail', `${binary} cannot be read: ${messageOf(error)}`)]);
    if (!(error instanceof CvtoolError)) throw error;
    const hint = 'It was damaged, or cut off on its way here: stage or copy it again.';
    return unusable([row('fail', error.message, hint), ...findings]);
  }
}

/** execve(2): a file that begins with `#!` is a script for the program that is named there. */
function scriptInterpreter(path: string): string | undefined {
  const start = Buffer.alloc(128);
  const file = openSync(path, 'r');
  try {
    const text = start.toString('latin1', 0, readSync(file, start));
    return text.startsWith('#!') ? printable((/^#![ \t]*([^\n\0]*)/.exec(text)?.[1] ?? '').trim()) : undefined;
  } finally {
    closeSync(file);
  }
}

function interpreterRows({ interpreter }: ElfFile): Finding[] {
  if (interpreter === undefined || statOrNothing(interpreter)?.isFile() === true) return [];
  const text = `its interpreter ${interpreter} is not on this host`;
  return [row('fail', text, 'Install the C library that it was built for, or stage what was built for this one.')];
}

function modeRows(binary: string, { mode }: Stats): Finding[] {
  if ((mode & everybodyReadsAndExecutes) === everybodyReadsAndExecutes) return [];
  const text = `${binary} has mode ${octal(mode)}: not everybody may read and execute it`;
  return [row('fail', text, `chmod 755 ${binary}`)];
}

/** bin/, lib/ and what is around them: the user who runs the daemon must be able to search them. */
function folderRows(folder: string, binary: string): Finding[] {
  const inBin = basename(join(binary, '..')) === 'bin';
  const folders = inBin ? [folder, join(folder, 'bin'), join(folder, 'lib')] : [];
  return folders.flatMap((path): Finding[] => {
    const stat = statOrNothing(path);
    if (stat === undefined || (stat.mode & 0o001) !== 0) return [];
    const text = `the folder ${path} has mode ${octal(stat.mode)}: not everybody may search it`;
    return [row('fail', text, `chmod 755 ${path}`)];
  });
}

function statOrNothing(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return undefined;
    throw error;
  }
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8).padStart(4, '0');
}

function unusable(findings: readonly Finding[]): FileVerdict {
  return { findings, kind: 'unusable', elf: undefined };
}

function row(status: Finding['status'], text: string, hint?: string): Finding {
  return { level: 'L0', status, text, hint };
}

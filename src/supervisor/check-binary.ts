// Before a binary is started, and before `current` is switched to one: what is known to be wrong is refused, what cannot be
// judged is a warning. Nothing is executed for it.
import { accessSync, chmodSync, closeSync, constants, openSync, readSync, statSync } from 'node:fs';

import { fromBuffer, openByteSource } from '../elf/bytes.js';
import { isElf, readElf } from '../elf/elf-file.js';
import { CvtoolError, hasCode, messageOf } from '../errors/cvtool-error.js';
import { findCommand } from '../host/find-command.js';
import { judgeHeader } from '../verify/header.js';
import { judgeLibraries } from '../verify/library-verdict.js';
import { daemonEnvironment } from './daemon-environment.js';
import { heldDatabaseLock, type HeldLock } from './database-lock.js';

export interface BinaryToCheck {
  readonly binary: string;
  /** genesis, or upgrades/<name>. */
  readonly folder: string;
  /** Ours. */
  readonly environment: NodeJS.ProcessEnv;
}

export interface CheckedBinary {
  /** What it is to be started with. */
  readonly environment: NodeJS.ProcessEnv;
  readonly warnings: readonly string[];
}

/**
 * Adds the x bits where they are missing (upstream since 1.5), then looks at the file and its libraries.
 * @throws NOT_STAGED where there is no such file; VERIFY_FAILED for what cannot start on this host
 */
export function checkBinary({ binary, folder, environment: whole }: BinaryToCheck): CheckedBinary {
  makeExecutable(binary);
  const environment = daemonEnvironment(binary, folder, whole);
  return { environment, warnings: warningsOf({ binary, folder, environment }) };
}

export interface StartToCheck extends BinaryToCheck {
  /** The node's data. */
  readonly data: string;
}

export interface CheckedStart extends CheckedBinary {
  /** A database that somebody has open: two nodes on it corrupt it, or the second dies. */
  readonly locked: HeldLock | undefined;
}

/** What comes before the first start of a run: the binary, and whether another process has the data open. */
export function checkStart(start: StartToCheck): CheckedStart {
  return { ...checkBinary(start), locked: heldDatabaseLock(start.data) };
}

function warningsOf(toCheck: BinaryToCheck): readonly string[] {
  const { binary } = toCheck;
  const start = firstBytes(binary);
  if (start.subarray(0, 2).toString('latin1') === '#!') {
    checkInterpreter(binary, start, toCheck.environment);
    return [];
  }
  if (!isElf(fromBuffer(binary, start)))
    throw wrong(binary, 'it is neither an ELF program nor a script that begins with #!');
  return checkElf(toCheck);
}

/** Would execve(2) take it? A shell would read a file without `#!` as its own script, and so does execvp(3). */
export function isExecutableFormat(file: string): boolean {
  const start = firstBytes(file);
  return start.subarray(0, 2).toString('latin1') === '#!' || isElf(fromBuffer(file, start));
}

function makeExecutable(binary: string): void {
  let mode;
  try {
    const stat = statSync(binary);
    if (!stat.isFile()) {
      throw new CvtoolError('NOT_STAGED', `${binary} is not a regular file`, {
        hint: 'Put the daemon there, as a file.',
      });
    }
    ({ mode } = stat);
  } catch (error) {
    if (!hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) throw error;
    throw new CvtoolError('NOT_STAGED', `stat ${binary}: no such file or directory`, {
      hint: 'Stage it: `cvtool stage-genesis --tag <tag>` or `cvtool stage-upgrade <name>`.',
      cause: error,
    });
  }
  if ((mode & 0o111) === 0o111) return;
  try {
    chmodSync(binary, (mode & 0o7777) | 0o111);
  } catch (error) {
    if (!hasCode(error, 'EPERM', 'EROFS', 'EACCES')) throw error;
    if (!mayExecute(binary))
      throw wrong(binary, `it is not executable, and its mode cannot be changed: ${messageOf(error)}`);
  }
}

function mayExecute(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function firstBytes(file: string): Buffer {
  const fd = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(256);
    return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, 0));
  } finally {
    closeSync(fd);
  }
}

/** execve(2): the interpreter of the first line must be there. */
function checkInterpreter(binary: string, start: Buffer, environment: NodeJS.ProcessEnv): void {
  const [interpreter = ''] = start.toString('utf8').slice(2).split('\n')[0]?.trim().split(/\s+/) ?? [];
  if (interpreter.startsWith('/') ? mayExecute(interpreter) : findCommand(interpreter, environment.PATH) !== undefined)
    return;
  throw wrong(binary, `its interpreter ${interpreter === '' ? '(none)' : interpreter} cannot be executed`);
}

/** @param environment what it is to be started with */
function checkElf({ binary, folder, environment }: BinaryToCheck): readonly string[] {
  const source = openByteSource(binary);
  try {
    const bad = judgeHeader(readElf(source)).find(({ status }) => status === 'fail');
    if (bad !== undefined) throw wrong(binary, bad.text, bad.hint);
  } catch (error) {
    if (hasCode(error, 'ELF_INVALID')) throw wrong(binary, messageOf(error));
    throw error;
  } finally {
    source.close();
  }
  const { findings, resolution } = judgeLibraries(binary, { stagedFolder: folder, environment });
  const fatal = findings.find(
    ({ status, text }) =>
      status === 'fail' && (resolution.missing.length > 0 || resolution.loader === undefined || /^LD_/.test(text)),
  );
  if (fatal !== undefined) throw wrong(binary, fatal.text, fatal.hint);
  return findings.filter(({ status }) => status !== 'pass').map(({ text }) => text);
}

function wrong(binary: string, why: string, hint = 'Stage it again on a host of this kind.'): CvtoolError {
  return new CvtoolError('VERIFY_FAILED', `${binary} cannot run here: ${why}`, { hint });
}

// The info of a plan, proven: everything that it names is fetched as a node would, compared, unpacked and looked at. Nothing of it is
// executed, and nothing of it is kept.
import { mkdirSync, mkdtempSync, readFileSync, renameSync } from 'node:fs';
import { arch, platform, tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Environment } from '../config/environment.js';
import { CvtoolError } from '../errors/cvtool-error.js';
import { removeTree } from '../home/remove-tree.js';
import { arrange } from '../install/arrange.js';
import { fetchChecked } from '../install/fetch-checked.js';
import { binariesIn, isReference } from '../install/plan-binary.js';
import { parseSource, type Source } from '../install/source.js';
import { unpackArchive } from '../install/unpack.js';
import type { LintRow } from '../release/lint-plan-info.js';
import { platformFrom } from '../values/platform.js';
import { digestsOf } from '../verify/digests.js';
import { judgeDigests } from '../verify/digest-verdict.js';
import { judgeFile } from '../verify/file-verdict.js';
import { manifestState } from '../verify/manifest-state.js';
import { archiveBounds, largestFile } from './arriving.js';

export interface Proving {
  /** DAEMON_NAME. */
  readonly daemon: string;
  readonly environment: Environment;
  readonly timeLimit: number;
  readonly stallLimit: number | undefined;
  readonly signal: AbortSignal;
}

/** @param info the plan's @returns a row for each address @throws the signal's reason */
export async function provePlanInfo(info: string, proving: Proving): Promise<readonly LintRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'cvtool-plan-info-'));
  try {
    const text = info.trim();
    const rows: LintRow[] = [];
    let document = text;
    if (isReference(text)) {
      const source = parseSource(text);
      document = await fetched(source, join(folder, 'document'), proving, (row) => rows.push(row));
      rows.push({ status: 'pass', text: `the document: fetched from ${source.address.href}` });
    }
    for (const [key, url] of binariesIn(document, 'plan info'))
      rows.push(...(await entryRows(key, url, folder, proving)));
    return rows;
  } catch (error) {
    proving.signal.throwIfAborted();
    return [failure('plan info', error)];
  } finally {
    removeTree(folder);
  }
}

async function entryRows(key: string, url: string, folder: string, proving: Proving): Promise<LintRow[]> {
  const rows: LintRow[] = [];
  const scratch = mkdtempSync(join(folder, 'entry-'));
  try {
    const source = parseSource(url);
    const file = join(scratch, 'file');
    await fetched(source, file, proving, (row) => rows.push({ ...row, text: `${key}: ${row.text}` }));
    const tree = await unpacked(source, file, join(scratch, 'tree'), proving);
    const bad = await problems(key, tree, proving.daemon);
    rows.push(...bad);
    const sum = source.checksum === undefined ? 'without a checksum to compare' : 'with the checksum that is named';
    if (bad.length === 0) rows.push({ status: 'pass', text: `${key}: fetched ${sum}; bin/${proving.daemon} is in it` });
  } catch (error) {
    proving.signal.throwIfAborted();
    rows.push(failure(key, error));
  } finally {
    removeTree(scratch);
  }
  return rows;
}

async function fetched(
  { address, checksum }: Source,
  file: string,
  { environment, timeLimit, stallLimit, signal }: Proving,
  tell: (row: LintRow) => void,
): Promise<string> {
  const warn = (text: string): void => tell({ status: 'warn', text });
  const quiet = { onProgress: () => undefined, onRetry: () => undefined };
  const options = { environment, timeLimit, stallLimit, signal, largest: largestFile, checksum, warn, ...quiet };
  const bytes = await fetchChecked(address, file, options);
  return bytes > longestDocument ? '' : readFileSync(file, 'utf8');
}

/** In bytes. */
const longestDocument = 1024 * 1024;

async function unpacked(source: Source, file: string, tree: string, { daemon, signal }: Proving): Promise<string> {
  if (source.format === undefined) {
    mkdirSync(join(tree, 'bin'), { recursive: true });
    renameSync(file, join(tree, 'bin', daemon));
    return tree;
  }
  const files = await unpackArchive(file, source.format, tree, { signal, bounds: archiveBounds, single: daemon });
  return arrange(tree, files, daemon, source.within, source.address.href);
}

/** Of its bytes; whether it is a program for this host only where it is meant for it. */
async function problems(key: string, folder: string, daemon: string): Promise<LintRow[]> {
  const isForHere = key === 'any' || key === platformFrom(`${platform()}/${arch()}`);
  const binary = join(folder, 'bin', daemon);
  const ofFile = isForHere ? judgeFile({ folder, binary, copyTo: binary }).findings : [];
  const manifest = manifestState(folder);
  const ofBytes = manifest === undefined ? [] : judgeDigests(manifest, await digestsOf(folder), daemon).findings;
  return [...ofFile, ...ofBytes]
    .filter(({ status }) => status === 'fail')
    .map(({ text, hint }) => ({ status: 'fail', text: `${key}: ${text.replaceAll(`${folder}/`, '')}`, hint }));
}

function failure(what: string, error: unknown): LintRow {
  if (!(error instanceof CvtoolError)) throw error;
  const { message, details, hint } = error;
  return { status: 'fail', text: `${what}: ${[message, ...details].join('; ')}`, hint };
}

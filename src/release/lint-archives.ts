// The archives themselves beside the info that names them: is each what its address says?
import { basename } from 'node:path';

import { CvtoolError } from '../errors/cvtool-error.js';
import { sha256OfFile } from '../evidence/sha256.js';
import { fileNameOf } from '../install/source.js';
import type { LintRow } from './lint-plan-info.js';
import { readArchive } from './read-archive.js';

/**
 * @param info the plan's `info`, whatever it is
 * @param archives paths; each is sought in `info` by its file name
 * @throws the system's error where one cannot be read
 */
export async function lintArchives(info: string, archives: readonly string[]): Promise<readonly LintRow[]> {
  const urls = urlsIn(info);
  const rows: LintRow[] = [];
  for (const path of archives) rows.push(...(await archiveRows(path, urls)));
  return rows;
}

async function archiveRows(path: string, urls: readonly URL[]): Promise<LintRow[]> {
  const name = basename(path);
  const url = urls.find((each) => fileNameOf(each) === name);
  if (url === undefined) return [{ status: 'fail', text: `${name}: no address of the info ends in that name` }];
  const sha256 = sha256OfFile(path);
  const said = url.searchParams
    .get('checksum')
    ?.replace(/^sha256:/, '')
    .toLowerCase();
  const rows: LintRow[] = [];
  if (said !== undefined && said.length === sha256.length && said !== sha256)
    rows.push({ status: 'fail', text: `${name}: its sha256 is ${sha256}, and the info says ${said}` });
  try {
    const { names, manifest } = await readArchive(path);
    const programs = names.filter((member) => member.startsWith('bin/'));
    const wanted = manifest === undefined ? undefined : `bin/${manifest.daemon}`;
    if (names.length > 1 && (programs.length === 0 || (wanted !== undefined && !programs.includes(wanted)))) {
      const hint = 'A node looks for bin/<daemon> in it; `cvtool pack` puts it there.';
      rows.push({ status: 'fail', text: `${name}: there is no ${wanted ?? 'bin/'} in the archive`, hint });
    }
  } catch (error) {
    if (!(error instanceof CvtoolError)) throw error;
    rows.push({ status: 'fail', text: error.message, hint: error.hint });
  }
  return rows.length > 0 ? rows : [{ status: 'pass', text: `${name}: as the info says, with its binary in bin/` }];
}

function urlsIn(info: string): URL[] {
  let value: unknown;
  try {
    value = JSON.parse(info);
  } catch {
    return []; // lintPlanInfo tells of it
  }
  const binaries: unknown = typeof value === 'object' && value !== null && 'binaries' in value ? value.binaries : {};
  return Object.values(binaries ?? {}).flatMap((url) =>
    typeof url === 'string' && URL.canParse(url) ? [new URL(url)] : [],
  );
}

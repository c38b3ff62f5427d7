// An unpacked archive laid out as a staged folder: the binary is `bin/<daemon>`, else `<daemon>` at the top, else the archive's only file
// (cosmovisor, EnsureBinary and UpgradeInfo's download; spec, Downloads). Byte for byte, a regular file, 0755.
import { chmodSync, lstatSync, mkdirSync, renameSync } from 'node:fs';
import { join, normalize } from 'node:path';

import { CvtoolError, hasCode } from '../errors/cvtool-error.js';
import { quoted } from '../values/printable.js';

/**
 * @param tree the folder that it was unpacked into
 * @param files the regular files in it, by their paths below `tree`
 * @param within the folder of it that counts; undefined: all
 * @param what the archive's address, for messages
 * @returns the folder in which bin/ now lies: `tree`, or what `within` names of it; without a closing slash
 * @throws ARCHIVE_INVALID where there is no such binary
 */
export function arrange(
  tree: string,
  files: readonly string[],
  daemon: string,
  within: string | undefined,
  what: string,
): string {
  const prefix = within === undefined ? '' : `${normalize(within)}/`;
  const inside = files.filter((file) => file.startsWith(prefix)).map((file) => file.slice(prefix.length));
  if (inside.length === 0) throw invalid(what, `the archive has no folder ${quoted(within ?? '')}`);
  const folder = join(tree, prefix.slice(0, -1)); // only what is the beginning of a file's path comes here
  const wanted = `bin/${daemon}`;
  const binary = [wanted, daemon].find((path) => inside.includes(path)) ?? onlyOne(inside);
  if (binary === undefined) {
    const link = [wanted, daemon].find((path) =>
      lstatSync(join(folder, path), { throwIfNoEntry: false })?.isSymbolicLink(),
    );
    if (link !== undefined) throw invalid(what, `${link} is a link in the archive, and must be a file`);
    throw invalid(what, `the archive does not contain a ${wanted} or ${daemon} file, nor is it a single file`);
  }
  const place = join(folder, wanted);
  if (binary !== wanted) moveTo(join(folder, binary), folder, place, what);
  chmodSync(place, 0o755);
  return folder;
}

function onlyOne(files: readonly string[]): string | undefined {
  return files.length === 1 ? files[0] : undefined;
}

function moveTo(binary: string, folder: string, place: string, what: string): void {
  const aside = join(folder, '.cvtool-binary'); // the only file may be named `bin`, or lie below a folder `bin/<daemon>`
  renameSync(binary, aside);
  try {
    mkdirSync(join(folder, 'bin'), { recursive: true });
    chmodSync(join(folder, 'bin'), 0o755); // whatever the umask is
    renameSync(aside, place);
  } catch (error) {
    if (!hasCode(error, 'EEXIST', 'ENOTDIR', 'EISDIR', 'ENOTEMPTY')) throw error;
    throw invalid(what, 'something in the archive stands in the way of its bin/');
  }
}

function invalid(what: string, why: string): CvtoolError {
  return new CvtoolError('ARCHIVE_INVALID', `${what}: ${why}`, {
    hint: '`cvtool pack` makes archives that nodes can take; `cvtool plan-info lint` looks at one.',
  });
}

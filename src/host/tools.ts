// What the commands that a build needs say of their version.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { coerce, gte } from 'semver';

const run = promisify(execFile);

/** The first line that a command prints on stdout for these arguments; undefined where it fails or is missing. */
async function firstLine(command: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout } = await run(command, args, { timeout: 10_000, env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' } });
    return stdout.split('\n')[0]?.trim();
  } catch {
    return undefined; // what a tool does not say of itself is unknown, not an error
  }
}

/** What a command says of its version, in one line. */
export function toolSays(command: string): Promise<string | undefined> {
  return firstLine(command, ['--version']);
}

/** Is the version in a tool's own words (`git version 2.39.5`) at least `least`? True where it says none. */
export async function isAtLeast(command: string, least: string): Promise<boolean> {
  const said = coerce(await firstLine(command, ['--version']));
  return said === null || gte(said, least);
}

/** What a manifest records of the host's tools. */
export interface ToolVersions {
  readonly cc: string | undefined;
  readonly ld: string | undefined;
  readonly make: string | undefined;
  readonly git: string | undefined;
  readonly libc: string | undefined;
}

/** @param commands absolute paths of the tools that were found */
export async function toolVersions(commands: {
  readonly cc: string;
  readonly make: string;
  readonly git: string;
}): Promise<ToolVersions> {
  const [cc, ld, make, git, libc] = await Promise.all([
    firstLine(commands.cc, ['--version']),
    firstLine('ld', ['--version']),
    firstLine(commands.make, ['--version']),
    firstLine(commands.git, ['--version']),
    firstLine('getconf', ['GNU_LIBC_VERSION']),
  ]);
  return { cc, ld, make, git, libc };
}

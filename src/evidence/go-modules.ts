// The Go modules that a program was linked from, as provenance and SBOM name them: what replaced a module stands in its place.
import { CvtoolError } from '../errors/cvtool-error.js';
import { readGoBuildInfo } from '../elf/go-build-info.js';
import { openByteSource } from '../elf/bytes.js';
import { isElf, readElf } from '../elf/elf-file.js';

export interface LinkedModule {
  readonly path: string;
  readonly version: string;
  /** Of the go.sum line h1:…, in hexadecimal; undefined where there is none, as for a replacement by a folder. */
  readonly h1: string | undefined;
  /** path@version that go.mod asks for, where another module was built in its place. */
  readonly replaces: string | undefined;
}

/**
 * @returns sorted by path; empty where the file is no Go program, or says nothing of its modules
 * @throws ELF_INVALID, the system's error
 */
export function linkedModules(binary: string): readonly LinkedModule[] {
  const source = openByteSource(binary);
  try {
    if (!isElf(source)) return [];
    const deps = readGoBuildInfo(readElf(source), { copies: false })?.deps ?? [];
    return deps
      .map((dep) => {
        const { path, version, sum } = dep.replace ?? dep;
        const replaces = dep.replace === undefined ? undefined : `${dep.path}@${dep.version}`;
        return { path, version, h1: hexadecimal(sum), replaces };
      })
      .sort((a, b) => compareText(`${a.path}@${a.version}`, `${b.path}@${b.version}`));
  } catch (error) {
    if (error instanceof CvtoolError && error.code === 'ELF_INVALID') return []; // what verify has to say of it, it says
    throw error;
  } finally {
    source.close();
  }
}

/** Package URL of a module (purl-spec, type golang); the path's case stays, since Go tells paths apart by it. */
export function moduleUrl(path: string, version: string): string {
  const segments = path.split('/').map(encodeURIComponent).join('/');
  return `pkg:golang/${segments}${version === '' ? '' : `@${encodeURIComponent(version)}`}`;
}

/** By code units, so that no locale decides the order. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function hexadecimal(sum: string): string | undefined {
  const digest = /^h1:([A-Za-z0-9+/]{43}=)$/.exec(sum)?.[1];
  return digest === undefined ? undefined : Buffer.from(digest, 'base64').toString('hex');
}

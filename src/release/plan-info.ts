// The info of an upgrade plan, by which nodes with DAEMON_ALLOW_DOWNLOAD_BINARIES=true fetch their binary: for each platform a URL
// with a checksum (cosmos-sdk, x/upgrade/plan: Info, BinaryDownloadURLMap).
import { basename } from 'node:path';

import { CvtoolError } from '../errors/cvtool-error.js';
import { systemReason } from '../errors/system-reason.js';
import type { Manifest } from '../evidence/manifest.js';
import { sha256OfFile } from '../evidence/sha256.js';
import { quoted } from '../values/printable.js';
import { platformFrom, type Platform } from '../values/platform.js';
import { readArchive } from './read-archive.js';

export interface PlanInfo {
  /** The plan's name in the chain's spelling as far as the manifests have it; undefined for a genesis. */
  readonly plan: string | undefined;
  readonly binaries: Readonly<Record<string, string>>;
}

/** @throws USAGE where it is no http or https address that a file's name can be put behind */
export function parseUrlBase(text: string): string {
  let url: URL | undefined;
  try {
    url = new URL(text);
  } catch {
    url = undefined; // told below, with what else may be wrong
  }
  if (url === undefined || !['http:', 'https:'].includes(url.protocol) || url.search + url.hash + url.username !== '') {
    throw new CvtoolError('USAGE', `--url-base ${quoted(text)} is no address of a folder`, {
      hint: 'Give https://host/path, without ? and #: the names of the archives come behind it.',
    });
  }
  return url.href.replace(/\/+$/, '');
}

/**
 * @param archives paths of what `pack` made, one a platform, of one release
 * @throws USAGE, ARCHIVE_INVALID, MANIFEST_INVALID
 */
export async function planInfo(archives: readonly string[], urlBase: string): Promise<PlanInfo> {
  const binaries = new Map<Platform, string>();
  let first: { readonly manifest: Manifest; readonly path: string } | undefined;
  for (const path of archives) {
    const manifest = await manifestIn(path);
    first ??= { manifest, path };
    if (releaseOf(manifest) !== releaseOf(first.manifest)) {
      throw new CvtoolError('USAGE', `${first.path} and ${path} are not of one release`, {
        details: [releaseOf(first.manifest), releaseOf(manifest)],
        hint: 'One plan has one release: name the archives of that one.',
      });
    }
    const platform = platformFrom(manifest.build.platform);
    if (platform === undefined) throw invalid(path, `is for ${quoted(manifest.build.platform)}`);
    if (binaries.has(platform)) throw invalid(path, `is a second one for ${platform}: name one of them`);
    const url = `${urlBase}/${encodeURIComponent(basename(path))}?checksum=sha256:${sha256OfFile(path)}`;
    binaries.set(platform, url);
  }
  const target = first?.manifest.target ?? { genesis: true };
  return {
    plan: 'upgrade' in target ? target.upgrade : undefined,
    binaries: Object.fromEntries([...binaries].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

/** As it goes into the plan. */
export function planInfoText({ binaries }: PlanInfo): string {
  return JSON.stringify({ binaries });
}

async function manifestIn(path: string): Promise<Manifest> {
  let content: Awaited<ReturnType<typeof readArchive>>;
  try {
    content = await readArchive(path);
  } catch (error) {
    if (error instanceof CvtoolError) throw error;
    throw new CvtoolError('USAGE', `${path} cannot be read: ${systemReason(error)}`, { cause: error });
  }
  const { manifest, names } = content;
  if (manifest === undefined) throw invalid(path, 'has no manifest, so nothing says for which platform it is');
  if (!names.includes(`bin/${manifest.daemon}`)) throw invalid(path, `has no bin/${manifest.daemon}`);
  return manifest;
}

function releaseOf({ target, daemon, source }: Manifest): string {
  const name = 'upgrade' in target ? `upgrade ${target.upgrade}` : 'genesis';
  return `${daemon}, ${name}, tag ${source.tag}, commit ${source.commit}`;
}

function invalid(path: string, why: string): CvtoolError {
  return new CvtoolError('ARCHIVE_INVALID', `${path} ${why}`, { hint: 'Take what `cvtool pack` makes.' });
}

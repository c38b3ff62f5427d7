// What was packed.
import type { Archive } from '../release/pack.js';
import { printable } from '../values/printable.js';

/** The first line is what sha256sum(1) prints. */
export function archiveLines({ path, sha256, signature, publicKey }: Archive): readonly string[] {
  const signed =
    signature === undefined || publicKey === undefined
      ? []
      : [printable(signature), `minisign -V -P ${publicKey} -m ${printable(path)}`];
  return [`${sha256}  ${printable(path)}`, ...signed];
}

/** The document of --json. */
export function archiveData({ path, sha256, size, platform, signature, publicKey }: Archive): object {
  return { ok: true, path, sha256, size, platform, signature: signature ?? null, publicKey: publicKey ?? null };
}

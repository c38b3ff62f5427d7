// SHA256SUMS of a staged folder, for `sha256sum -c`: what is in bin/ and lib/, and the documents beside them.

import { documentNames } from './manifest.js';

export const sumsName = documentNames[3];

/** In the order of the list; a name with a backslash or a line break is written as sha256sum(1) escapes it. */
export function sumsText(files: readonly { readonly path: string; readonly sha256: string }[]): string {
  return files
    .map(({ path, sha256 }) => {
      const escaped = path.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
      return `${escaped === path ? '' : '\\'}${sha256}  ${escaped}\n`;
    })
    .join('');
}

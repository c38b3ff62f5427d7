// The documents of a staged folder, made of its manifest and its binary: the same folder gives the same bytes, whoever makes them.
import { createHash } from 'node:crypto';
import { join } from 'node:path';

import { linkedModules } from './go-modules.js';
import { manifestText, manifestName, type Manifest } from './manifest.js';
import { provenanceName, provenanceText } from './provenance.js';
import { sbomName, sbomText } from './sbom.js';
import { sumsName, sumsText } from './sums.js';

export interface Document {
  readonly name: string;
  readonly text: string;
}

/**
 * @param folder whose `bin/` holds the binary that the manifest tells of
 * @returns manifest, provenance, SBOM, and the sums of them and of the files
 */
export function documentsOf(manifest: Manifest, folder: string): readonly Document[] {
  const modules = linkedModules(join(folder, 'bin', manifest.daemon));
  const told: readonly Document[] = [
    { name: manifestName, text: manifestText(manifest) },
    { name: provenanceName, text: provenanceText(manifest, modules) },
    { name: sbomName, text: sbomText(manifest, modules) },
  ];
  const digests = told.map(({ name, text }) => ({
    path: name,
    sha256: createHash('sha256').update(text).digest('hex'),
  }));
  return [...told, { name: sumsName, text: sumsText([...manifest.files, ...digests]) }];
}

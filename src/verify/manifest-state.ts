// A staged folder's manifest, where one that is damaged is no error but a fact to be judged.
import { CvtoolError } from '../errors/cvtool-error.js';
import { readManifest } from '../evidence/manifest.js';
import type { ManifestState } from './digest-verdict.js';

/** @throws the system's error where it is there and cannot be read */
export function manifestState(folder: string): ManifestState {
  try {
    return readManifest(folder);
  } catch (error) {
    if (!(error instanceof CvtoolError) || error.code !== 'MANIFEST_INVALID') throw error;
    return { damaged: [error.message, ...error.details].join(': ') };
  }
}

// The SHA-256 of a file.
import { createHash } from 'node:crypto';

import { parseDigest, type Digest } from '../values/digest.js';
import { feedFile } from './feed-file.js';

/** @throws the system's error */
export function sha256OfFile(path: string): Digest {
  return parseDigest(feedFile(path, createHash('sha256')).digest('hex'));
}

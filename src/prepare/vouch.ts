// Who vouches for what was fetched: a checksum that held when it was, a signature that is checked now, or nobody.
import { join } from 'node:path';

import { CvtoolError } from '../errors/cvtool-error.js';
import { fetchText } from '../install/fetch-checked.js';
import { checkSignature, longestSignature, signatureEndings } from '../install/signature.js';
import type { Step, StepTools } from '../stage/step.js';
import { limitsOf, type Begun, type BringIn, type FetchedFile } from './arriving.js';

export const vouch: Step<Begun & { fetched: FetchedFile }, { vouchedBy: string | undefined }> = {
  title: 'Check',
  async run({ request, folder, fetched }, tools) {
    const { source, checksum, signature, acceptUnvouched } = request;
    const bySum = checksum === undefined ? undefined : 'list' in checksum ? `the list ${checksum.list}` : checksum.type;
    const isWanted = signature === 'always' || (signature === 'instead' && bySum === undefined);
    const signed = isWanted ? await checkedSignature(request, fetched.file, folder, tools) : undefined;
    const by = [bySum, signed?.by].filter((each) => each !== undefined);
    if (by.length === 0 && !acceptUnvouched) throw nothingVouches(source, signed?.missing);
    return { vouchedBy: by.length === 0 ? undefined : by.join(' and ') };
  },
  outcome: ({ vouchedBy }) => vouchedBy ?? 'nothing vouches for it',
};

/** @returns what holds, or why no signature could be had @throws SIGNATURE_INVALID */
async function checkedSignature(
  request: BringIn,
  file: string,
  folder: string,
  tools: StepTools,
): Promise<{ readonly by?: string; readonly missing: readonly string[] }> {
  const { keys, source, signature } = request;
  const kinds = [...new Set(keys.map(({ kind }) => kind))];
  const missing: string[] = [];
  for (const kind of kinds) {
    const address = new URL(source.address);
    address.pathname += signatureEndings[kind];
    let text: string;
    try {
      const bounds = { largest: longestSignature, onProgress: () => undefined };
      text = await fetchText(address, join(folder, 'signature'), { ...limitsOf(request, tools), ...bounds });
    } catch (error) {
      if (!(error instanceof CvtoolError) || error.code !== 'DOWNLOAD_FAILED') throw error;
      missing.push(error.message);
      continue;
    }
    const comment = checkSignature(file, text, kind, keys, address.href);
    return { by: `a signature of ${kind}${comment === undefined ? '' : ` (${comment})`}`, missing };
  }
  if (signature !== 'always') return { missing };
  throw new CvtoolError('SIGNATURE_INVALID', `there is no signature of ${source.address.href}`, {
    details: missing,
    hint:
      kinds.length === 0
        ? 'No key is known: name one with --public-key, or in the recipe.'
        : 'Ask its publisher for one, or leave --require-signature out.',
  });
}

/** Spares fetching what will not be taken. @throws CHECKSUM_MISSING */
export function refuseUnvouched({ source, checksum, keys, acceptUnvouched }: BringIn): void {
  if (checksum === undefined && keys.length === 0 && !acceptUnvouched) throw nothingVouches(source);
}

function nothingVouches({ address }: BringIn['source'], details: readonly string[] = []): CvtoolError {
  return new CvtoolError('CHECKSUM_MISSING', `nothing vouches for ${address.href}`, {
    details,
    hint: [
      'Give what its publisher says: --checksum sha256:<64 hexadecimal digits>; or --public-key, where it is signed.',
      'With --no-checksum it is taken as it is.',
    ].join('\n'),
  });
}

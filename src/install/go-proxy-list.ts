// GOPROXY as the go command reads it (`go help goproxy`, cmd/go/internal/modfetch, proxyList): a list of module proxies, `direct`
// and `off`. After a comma the next one is asked where a proxy has no such module; after a bar, after any error.
import { isAbsolute } from 'node:path';

import { CvtoolError } from '../errors/cvtool-error.js';
import { quoted } from '../values/printable.js';

export type GoProxy =
  | { readonly kind: 'proxy'; readonly url: URL; readonly nextAfter: 'not found' | 'any error' }
  | { readonly kind: 'direct' | 'off' };

/**
 * The proxies in their order; nothing that stands behind `direct` or `off` counts.
 * @throws CONFIG_INVALID for an address that the go command would refuse
 */
export function parseGoProxies(text: string): readonly GoProxy[] {
  const proxies: GoProxy[] = [];
  for (const [, entry = '', separator] of text.matchAll(/([^,|]*)([,|]|$)/g)) {
    const address = entry.trim();
    if (address === '') continue;
    if (address === 'direct' || address === 'off') return [...proxies, { kind: address }];
    const nextAfter = separator === '|' ? 'any error' : 'not found';
    proxies.push({ kind: 'proxy', url: parseAddress(address), nextAfter });
  }
  return proxies;
}

function parseAddress(address: string): URL {
  const bare = /[.:/]/.test(address) && !address.includes(':/') && !isAbsolute(address);
  const url = readUrl(bare ? `https://${address}` : address);
  if (url === undefined) throw invalid(address, 'is no address');
  if (url.protocol === 'http:' || url.protocol === 'https:') return url;
  if (url.protocol !== 'file:') throw invalid(address, 'is of a kind that is not used: it must be https, http or file');
  if (url.host !== '' || url.search !== '' || url.hash !== '') throw invalid(address, 'has more in it than a path');
  return url;
}

function readUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function invalid(address: string, why: string): CvtoolError {
  return new CvtoolError('CONFIG_INVALID', `GOPROXY: ${quoted(address)} ${why}`, {
    hint: 'Give the address of a Go module proxy, https://… or file:///…, or several with commas between them.',
  });
}

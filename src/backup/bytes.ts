// Paths as the system has them: bytes. A name that is no UTF-8 would be lost on its way through a JavaScript string, so here
// each character of a path stands for one byte (latin1), which is compact, compares, and loses nothing.
import type { Brand } from '../values/brand.js';

/** A path or a part of one, a character a byte. */
export type BytePath = Brand<string, 'BytePath'>;

/** @param text a path from the configuration or from this program */
export function bytePath(text: string): BytePath {
  return Buffer.from(text).toString('latin1') as BytePath;
}

/** @param folder '' stands for no folder: the name alone is the result */
export function below(folder: BytePath, name: BytePath): BytePath {
  return (folder === '' ? name : name === '' ? folder : `${folder}/${name}`) as BytePath;
}

/** What node:fs takes: text where it is ASCII, which Node checks several times faster than a buffer. */
export function forSystem(path: BytePath): string | Buffer {
  return /^[\x00-\x7f]*$/.test(path) ? path : Buffer.from(path, 'latin1');
}

/** For a message: bytes that are no UTF-8 are U+FFFD. */
export function shown(path: BytePath): string {
  return Buffer.from(path, 'latin1').toString();
}

/** For JSON, nothing lost: UTF-8 as it is, but for `%`; where it is no UTF-8, each byte of 128 and above is `%XX`. */
export function encodePath(path: BytePath): string {
  const text = shown(path);
  if (bytePath(text) === path) return text.replaceAll('%', '%25');
  return path.replace(/[%\x80-\xff]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** The path that `encodePath` made `text` of. */
export function decodePath(text: string): BytePath {
  return bytePath(text).replace(/%([0-9A-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  ) as BytePath;
}

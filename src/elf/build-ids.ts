// The ids of a build, derived from its content alone. The Go id begins with the hash of the link's inputs, among them the
// path of the module cache; GNU's is a hash over the linker's output, in which the Go id and the runpath stand. So two
// builds that are alike in everything else differ in both. On ELF the Go linker stores its id in one note and nowhere else
// (cmd/link's doelf; textbuildid leaves ELF out), and cmd/internal/buildid reads it there.
import { createHash } from 'node:crypto';

import { fromBuffer } from './bytes.js';
import { readElf } from './elf-file.js';
import { readNotes, type Note } from './notes.js';

export interface BuildIds {
  /** What `go tool buildid` prints: undefined where there is none, or one that was set by hand. */
  readonly go: string | undefined;
  /** What `readelf -n` prints, in hexadecimal. */
  readonly gnu: string | undefined;
}

/** elf.ELF_NOTE_GOBUILDID_TAG in cmd/link; NT_GNU_BUILD_ID in elf.h. */
const goBuildIdType = 4;
const gnuBuildIdType = 3;
/** Link action, main package's action, main package's content, the program's content: each 15 bytes in base64url. */
const goIdShape = /^[\w-]+(?:\/[\w-]+){3}$/;

/**
 * Replaces both ids in place by values that come from the sha256 of the image with zeros in their place. Their lengths and the
 * shape of the Go id stay. Done again it changes nothing.
 * @param image the whole file, with all other changes made before
 * @returns the new ids
 * @throws ELF_INVALID where the file is damaged
 */
export function makeBuildIdsCanonical(image: Buffer): BuildIds {
  const notes = readNotes(readElf(fromBuffer('the binary', image)));
  const contentOf = ({ offset, length }: Note) => image.subarray(offset, offset + length);
  const goIds = notes
    .filter(({ owner, type }) => owner === 'Go' && type === goBuildIdType)
    .map((note) => ({ content: contentOf(note), text: contentOf(note).toString('latin1') }))
    .filter(({ text }) => goIdShape.test(text));
  const gnuIds = notes.filter(({ owner, type }) => owner === 'GNU' && type === gnuBuildIdType).map(contentOf);
  for (const { content } of goIds) content.fill(0);
  for (const content of gnuIds) content.fill(0);
  const digest = createHash('sha256').update(image).digest();
  for (const { content, text } of goIds) content.write(goId(digest, text), 'latin1');
  for (const content of gnuIds) stretch(digest, 'GNU', content.length).copy(content);
  return { go: goIds[0]?.content.toString('latin1'), gnu: gnuIds[0]?.toString('hex') };
}

/** An id of the same shape: the lengths of its parts stay. */
function goId(digest: Buffer, shape: string): string {
  return shape
    .split('/')
    .map((part, index) => stretch(digest, `Go ${index}`, part.length).toString('base64url').slice(0, part.length))
    .join('/');
}

/** As many bytes as are wanted, all from the digest and a purpose. */
function stretch(digest: Buffer, purpose: string, length: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(length / digest.length) }, (_, index) =>
    createHash('sha256').update(digest).update(`${purpose} ${index}`).digest(),
  );
  return Buffer.concat(blocks).subarray(0, length);
}

// A zip, byte by byte (APPNOTE.TXT 4.3), so that a test can write down what no archiver would.
import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipEntry {
  readonly name: string;
  readonly content?: string | Uint8Array;
  /** Instead of `content`. */
  readonly bytes?: Buffer;
  /** st_mode, for an archive made under Unix: 0o120777 is a link. */
  readonly mode?: number;
  /** What the archive says instead of the content's own size. */
  readonly size?: number;
  readonly crc?: number;
  /** The number of a way to compress; 8 is done, of others it is only said. */
  readonly method?: number;
  /** Bits beside the one for UTF-8: 1 is encrypted, 8 has its sizes behind its data. */
  readonly flags?: number;
  /** The name beside the content, where it is not the directory's. */
  readonly localName?: string;
  readonly localMethod?: number;
  /** Extra fields, in both places. */
  readonly extra?: Buffer;
  /** Belongs to what is compressed, behind its end. */
  readonly rest?: Buffer;
  /** Stands behind the content: a descriptor, or what nobody speaks of. */
  readonly behind?: Buffer;
}

/** @param before stands where the first entry should */
export function makeZip(entries: readonly ZipEntry[], before = Buffer.alloc(0)): Buffer {
  const parts = [before];
  const central: Buffer[] = [];
  let offset = before.length;
  for (const { name, content = '', mode = 0, method = 0, ...rest } of entries) {
    const [path, whole] = [Buffer.from(name), rest.bytes ?? Buffer.from(content)];
    const data = Buffer.concat([method === 8 ? deflateRawSync(whole) : whole, rest.rest ?? Buffer.alloc(0)]);
    const common = Buffer.alloc(26); // from "version needed" to the extra field's length
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(0x800 | (rest.flags ?? 0), 2); // the name is UTF-8
    common.writeUInt16LE(method, 4);
    common.writeUInt32LE(rest.crc ?? crc32(whole), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(rest.size ?? whole.length, 18);
    common.writeUInt16LE(path.length, 22);
    const extra = rest.extra ?? Buffer.alloc(0);
    common.writeUInt16LE(extra.length, 24);
    const localPath = Buffer.from(rest.localName ?? name);
    const behind = rest.behind ?? Buffer.alloc(0);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, localPath, extra, data, behind]);
    local.writeUInt16LE(rest.localMethod ?? method, 8);
    local.writeUInt16LE(localPath.length, 26);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE((mode << 16) >>> 0, 6);
    tail.writeUInt32LE(offset, 10);
    central.push(Buffer.concat([Buffer.from('PK\x01\x02'), Buffer.from([20, 3]), common, tail, path, extra]));
    parts.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(entries.length, 4);
  end.writeUInt16LE(entries.length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...parts, directory, Buffer.from('PK\x05\x06'), end]);
}

import { deflateRawSync } from 'node:zlib';

/** 1980-01-01, the first day that the format knows: the same content gives the same bytes. */
const DATE = 0x21;
const DEFLATED = 8;
const VERSION = 20;

/** One file, packed as the Functions runtime wants it. */
export function zipOf(name: string, content: string): Buffer {
  const path = Buffer.from(name);
  const raw = Buffer.from(content);
  const packed = deflateRawSync(raw, { level: 9 });
  const common = Buffer.alloc(26);
  common.writeUInt16LE(VERSION, 0);
  common.writeUInt16LE(DEFLATED, 4);
  common.writeUInt16LE(DATE, 8);
  common.writeUInt32LE(crc32(raw), 10);
  common.writeUInt32LE(packed.length, 14);
  common.writeUInt32LE(raw.length, 18);
  common.writeUInt16LE(path.length, 22);
  const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, path, packed]);
  // Made by the same version; no comment, first disk, no attributes, at the very beginning.
  const entry = Buffer.concat([
    Buffer.from('PK\x01\x02', 'latin1'),
    Buffer.from([VERSION, 0]),
    common,
    Buffer.alloc(14),
    path,
  ]);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(entry.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, entry, end]);
}

/** Node's own comes with versions that are newer than the oldest that runs this. */
function crc32(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

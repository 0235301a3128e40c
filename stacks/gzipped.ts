import { gzipSync } from 'node:zlib';

/** The same text gives the same bytes on every system. */
export function gzipped(text: string): Buffer {
  const packed = gzipSync(text, { level: 9 });
  // The tenth byte of a gzip header names the system that packed it: 255 is "unknown".
  packed[9] = 255;
  return packed;
}

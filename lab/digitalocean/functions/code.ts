import { inflateRawSync } from 'node:zlib';
import type { Action } from '../functions-api/model.ts';

const LOCAL_FILE = 0x04034b50;
const STORED = 0;
const DEFLATED = 8;

/** What lies in an action's archive, by name. Code that is no archive is the one file that there is. */
export function filesOf({ exec }: Pick<Action, 'exec'>): Record<string, Buffer> {
  return exec.binary ? unzipped(Buffer.from(exec.code, 'base64')) : { 'index.js': Buffer.from(exec.code) };
}

function unzipped(zip: Buffer): Record<string, Buffer> {
  const files: Record<string, Buffer> = {};
  for (let at = 0; zip.length - at >= 30 && zip.readUInt32LE(at) === LOCAL_FILE; ) {
    const [method, size] = [zip.readUInt16LE(at + 8), zip.readUInt32LE(at + 18)];
    const nameEnd = at + 30 + zip.readUInt16LE(at + 26);
    const begin = nameEnd + zip.readUInt16LE(at + 28);
    const packed = zip.subarray(begin, begin + size);
    if (method !== STORED && method !== DEFLATED) throw new Error(`an archive is packed by method ${method}`);
    files[zip.subarray(at + 30, nameEnd).toString()] = method === STORED ? packed : inflateRawSync(packed);
    at = begin + size;
  }
  return files;
}

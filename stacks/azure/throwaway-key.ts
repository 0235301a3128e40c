import { generateKeyPairSync } from 'node:crypto';

/**
 * Azure makes no Linux machine without a password or a key to log in by, and the pool wants neither. So it is given a
 * key whose private half nobody ever has: it is gone when this function ends.
 */
export function throwawayPublicKey(): string {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const { e = '', n = '' } = publicKey.export({ format: 'jwk' });
  const parts = [Buffer.from('ssh-rsa'), positive(e), positive(n)];
  const packed = Buffer.concat(parts.flatMap((part) => [lengthOf(part), part]));
  return `ssh-rsa ${packed.toString('base64')} nobody`;
}

/** SSH's numbers have a sign: one whose first bit is set needs a zero before it. */
function positive(written: string): Buffer {
  const bytes = Buffer.from(written, 'base64url');
  return (bytes[0] ?? 0) < 0x80 ? bytes : Buffer.concat([Buffer.of(0), bytes]);
}

function lengthOf(part: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(part.length);
  return length;
}

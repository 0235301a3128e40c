import { randomBytes } from 'node:crypto';

/** What an account's key has signed: whoever has it may do that. */
export interface Signed {
  account: string;
  /** Letters: r, w, d, l, c. */
  permissions: string;
  /** Real time, ms since the epoch. */
  expiresAt: number;
}

/** Shared access signatures of whole accounts. */
export interface Signatures {
  /** As it stands in a query. */
  sign(signed: Signed): string;
  find(sig: string): Signed | undefined;
}

export function createSignatures(): Signatures {
  const known = new Map<string, Signed>();
  return {
    sign(signed) {
      const sig = randomBytes(32).toString('base64');
      known.set(sig, signed);
      const query = {
        sv: '2023-11-03',
        ss: 'b',
        srt: 'co',
        sp: signed.permissions,
        se: new Date(signed.expiresAt).toISOString(),
        sig,
      };
      return new URLSearchParams(query).toString();
    },
    find: (sig) => known.get(sig),
  };
}

/** Of a query, what belongs to a signature. */
export const SIGNATURE_PARTS: readonly string[] = ['sv', 'ss', 'srt', 'sp', 'se', 'st', 'spr', 'sig'];

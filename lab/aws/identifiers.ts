import { createHash } from 'node:crypto';

/** Where the twin's one account is. */
export interface Place {
  account: string;
  region: string;
  partition: string;
}

export const ACCOUNT = '111122223333';

/** `AROA…`, `AKIA…`: twenty characters, letters and digits. */
export function upperId(prefix: string, seed: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bytes = createHash('sha256')
    .update(seed)
    .digest()
    .subarray(0, 20 - prefix.length);
  return prefix + [...bytes].map((byte) => alphabet[byte % alphabet.length]).join('');
}

export function arn({ account, region, partition }: Place, service: string, resource: string): string {
  const global = service === 'iam' || service === 's3';
  return `arn:${partition}:${service}:${global ? '' : region}:${service === 's3' ? '' : account}:${resource}`;
}

import { createHash } from 'node:crypto';

/** Where the twin's one account is. */
export interface Place {
  account: string;
  region: string;
  partition: string;
}

export const ACCOUNT = '111122223333';

/** The same thing always gets the same id, so that two runs can be compared. */
export function hexId(seed: string, length: number): string {
  return createHash('sha256').update(seed).digest('hex').slice(0, length);
}

/** `AROA…`, `AKIA…`: twenty characters, letters and digits. */
export function upperId(prefix: string, seed: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bytes = createHash('sha256')
    .update(seed)
    .digest()
    .subarray(0, 20 - prefix.length);
  return prefix + [...bytes].map((byte) => alphabet[byte % alphabet.length]).join('');
}

export function uuid(seed: string): string {
  const hex = hexId(seed, 32);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
}

export function arn({ account, region, partition }: Place, service: string, resource: string): string {
  const global = service === 'iam' || service === 's3';
  return `arn:${partition}:${service}:${global ? '' : region}:${service === 's3' ? '' : account}:${resource}`;
}

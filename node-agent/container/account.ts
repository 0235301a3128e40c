import { readFile } from 'node:fs/promises';
import type { Account } from './definition.ts';

/** Looks an account up in a file such as /etc/passwd. */
export async function readAccount(file: string, name: string): Promise<Account> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new Error(`the accounts in ${file} cannot be read`, { cause });
  });
  const [, , uid, gid] =
    text
      .split('\n')
      .map((line) => line.split(':'))
      .find(([its]) => its === name) ?? [];
  if (!/^\d+$/.test(uid ?? '') || !/^\d+$/.test(gid ?? ''))
    throw new Error(
      `${file} has no account ${name}, as which the media server is to run: run the boot script`,
    );
  return { uid: Number(uid), gid: Number(gid) };
}

import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';

/** Runs a program found by PATH; rejects with what it said where it did not end with 0. */
export type Run = (program: string, args: string[], stdout?: number | 'inherit') => Promise<void>;

export function createRun(environment: Readonly<Record<string, string | undefined>>): Run {
  return (program, args, stdout = 'inherit') =>
    new Promise((resolve, reject) => {
      const child = spawn(program, args, { env: environment, stdio: ['ignore', stdout, 'pipe'] });
      let said = '';
      child.stderr?.on('data', (chunk: Buffer) => {
        said = `${said}${chunk}`.slice(-2_000);
      });
      child.on('error', (cause) => reject(new Error(`${program} could not be started`, { cause })));
      child.on('close', (code, signal) => {
        if (code === 0) resolve();
        else
          reject(new Error(`${[program, ...args].join(' ')} ended with ${code ?? signal}: ${said.trim()}`));
      });
    });
}

/** Writes the one file `member` of a tar.gz. */
export async function extractMember(run: Run, archive: string, member: string, path: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await run('tar', ['-xzOf', archive, member], file.fd);
    if ((await file.stat()).size === 0) throw new Error(`${member} in the archive is empty`);
    await file.sync();
  } finally {
    await file.close();
  }
}

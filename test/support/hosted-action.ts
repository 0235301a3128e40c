import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { CallAnswer } from '../../functions/digitalocean/orchestrator/call-answer.ts';
import { createBundler } from '../../stacks/bundle.ts';

export interface HostedAction {
  /** One call at a time. Rejects where the process ends. */
  call(event: object): Promise<{ answer: CallAnswer; peakMb: number }>;
  /** What it has logged so far. */
  output(): string;
  close(): Promise<void>;
}

const RUNTIME = fileURLToPath(new URL('action-runtime.mjs', import.meta.url));
const ANSWER = 'ANSWER ';

/** The real bundle in a process of its own, called as DigitalOcean calls it. */
export async function hostAction(name: string, environment: Record<string, string>): Promise<HostedAction> {
  const folder = await mkdtemp(join(tmpdir(), 'ebbtide-action-'));
  const { code } = await createBundler().functionOf('digitalocean', name);
  const file = join(folder, 'index.cjs');
  await writeFile(file, code);
  const child = spawn(process.execPath, [RUNTIME, file], { env: { ...environment, PATH: process.env.PATH } });
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => (output += chunk));
  const ended = once(child, 'close');
  let answered: (line: string) => void = () => undefined;
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith(ANSWER)) answered(line.slice(ANSWER.length));
    else output += `${line}\n`;
  });
  return {
    async call(event) {
      const line = new Promise<string>((resolve) => (answered = resolve));
      child.stdin.write(`${JSON.stringify(event)}\n`);
      const over = ended.then(() => Promise.reject(new Error(`the function ended: ${output}`)));
      return JSON.parse(await Promise.race([line, over]));
    },
    output: () => output,
    async close() {
      child.kill('SIGKILL');
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}

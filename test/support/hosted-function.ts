import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Ports } from '../../lab/instance/ports.ts';
import { createBundler } from '../../stacks/bundle.ts';

export interface HostedFunction {
  url: string;
  pid: number;
  /** All that it has written so far. */
  output(): string;
  close(): Promise<void>;
}

/** The real bundle, run by Google's own functions framework as Cloud Run runs it. Rejects where it ends at once. */
export async function hostFunction(
  name: string,
  entry: string,
  environment: Record<string, string>,
): Promise<HostedFunction> {
  const folder = await mkdtemp(join(tmpdir(), 'ebbtide-function-'));
  const { code } = await createBundler().functionOf('gcp', name);
  await writeFile(join(folder, 'index.js'), code);
  await writeFile(join(folder, 'package.json'), `{"name":"${name}","main":"index.js"}\n`);
  const port = await new Ports().take();
  const main = createRequire(import.meta.url).resolve('@google-cloud/functions-framework');
  const child = spawn(process.execPath, [join(dirname(main), 'main.js'), `--target=${entry}`], {
    cwd: folder,
    env: { ...environment, PORT: String(port), PATH: process.env.PATH },
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk));
  const close = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGKILL');
      await ended;
    }
    await rm(folder, { recursive: true });
  };
  const url = `http://127.0.0.1:${port}`;
  try {
    await untilItServes(child, url, () => output);
  } catch (cause) {
    await close();
    throw cause;
  }
  return { url, pid: child.pid ?? 0, output: () => output, close };
}

async function untilItServes(child: ChildProcess, url: string, output: () => string): Promise<void> {
  while (child.exitCode === null) {
    // The framework answers this one path itself.
    if (
      await fetch(`${url}/robots.txt`).then(
        () => true,
        () => false,
      )
    )
      return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`the function ended with ${child.exitCode}: ${output()}`);
}

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describeError } from '../../fleet/error.ts';
import type { Environment } from '../environment.ts';

/** Where the stack's outputs come from: a file of `pulumi stack output --json`, or Pulumi itself. */
export type OutputsSource = { kind: 'file'; path: string } | { kind: 'pulumi'; stack: string | undefined };

/** npm runs everything in the project's folder, and says where it was typed: a file is named from there. */
export function fromWhereTyped(source: OutputsSource, { INIT_CWD }: Environment): OutputsSource {
  if (source.kind !== 'file' || INIT_CWD === undefined) return source;
  return { ...source, path: resolve(INIT_CWD, source.path) };
}

export type RunPulumi = (args: string[]) => Promise<string>;

export function describeSource(source: OutputsSource): string {
  return source.kind === 'file' ? source.path : `the stack ${source.stack ?? 'that is selected'}`;
}

/** The outputs as they are written there. With `secrets`, Pulumi shows these too. */
export async function readOutputs(
  source: OutputsSource,
  { secrets }: { secrets: boolean },
  runPulumi: RunPulumi = pulumi,
): Promise<string> {
  if (source.kind === 'file') {
    try {
      return await readFile(source.path, 'utf8');
    } catch (cause) {
      throw new Error(`the outputs cannot be read from ${source.path}`, { cause });
    }
  }
  const chosen = source.stack === undefined ? [] : ['--stack', source.stack];
  const shown = secrets ? ['--show-secrets'] : [];
  return runPulumi(['stack', 'output', '--json', '--non-interactive', ...shown, ...chosen]);
}

const PULUMI_TIMEOUT_MS = 60_000;

function pulumi(args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('pulumi', args, { timeout: PULUMI_TIMEOUT_MS }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else if ('code' in error && error.code === 'ENOENT')
        reject(
          new Error("there is no pulumi in PATH: install it, or give the stack's outputs by --outputs FILE"),
        );
      else
        reject(
          new Error(`pulumi could not tell the stack's outputs: ${stderr.trim() || describeError(error)}`),
        );
    });
  });
}

import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { findProgram } from '../instance/tools.ts';

export interface PulumiResult {
  code: number | null;
  stdout: string;
  /** Both, in the order in which they came. */
  output: string;
}

export interface PulumiOptions {
  program: string;
  folder: string;
  environment: Readonly<Record<string, string>>;
  /** Given on standard input, and then its end. */
  input?: string;
  onText?: (text: string) => void;
  signal?: AbortSignal;
}

/** The one that was named, or that of PATH; undefined where there is none. */
export function findPulumi(environment: Readonly<Record<string, string | undefined>>): string | undefined {
  return environment.EBBTIDE_PULUMI || findProgram('pulumi');
}

/** One command of the real CLI, to its end. It finds the language host and what else it needs beside itself. */
export function runPulumi(options: PulumiOptions, ...args: string[]): Promise<PulumiResult> {
  const { program, folder, environment, input, onText, signal } = options;
  const child = spawn(program, [...args, '--non-interactive'], {
    cwd: folder,
    env: {
      ...process.env,
      ...environment,
      PATH: `${dirname(program)}:${process.env.PATH ?? ''}`,
      NO_COLOR: '1',
    },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(signal === undefined ? {} : { signal, killSignal: 'SIGINT' as const }),
  });
  child.stdin.end(input ?? '');
  let stdout = '';
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    output += text;
    onText?.(text);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    onText?.(text);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, output }));
  });
}

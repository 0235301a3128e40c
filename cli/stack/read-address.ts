import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { describeError } from '../../fleet/error.ts';
import { type PoolAddress, poolAddressSchema } from '../../fleet/pool-address.ts';

/** Where the stack's outputs come from: a file of `pulumi stack output --json`, or Pulumi itself. */
export type OutputsSource = { kind: 'file'; path: string } | { kind: 'pulumi'; stack: string | undefined };

const outputsSchema = v.object({ address: v.optional(v.unknown()) });

/** Rejects with what a person should do. */
export async function readAddress(
  source: OutputsSource,
  runPulumi: (args: string[]) => Promise<string> = pulumi,
): Promise<PoolAddress> {
  const where = source.kind === 'file' ? source.path : `the stack ${source.stack ?? 'that is selected'}`;
  const parsed = v.safeParse(
    v.pipe(v.string(), v.parseJson(), outputsSchema),
    await readText(source, runPulumi),
  );
  if (!parsed.success)
    throw new Error(`the outputs of ${where} are not what \`pulumi stack output --json\` writes`);
  const { address } = parsed.output;
  if (address === undefined)
    throw new Error(
      `${where} has no output \`address\`: is it a stack of Ebbtide, and has \`pulumi up\` run?`,
    );
  const read = v.safeParse(poolAddressSchema, address);
  if (read.success) return read.output;
  throw new Error(
    `the output \`address\` of ${where} is of another version of Ebbtide: run \`pulumi up\` (${v.summarize(read.issues)})`,
  );
}

async function readText(
  source: OutputsSource,
  runPulumi: (args: string[]) => Promise<string>,
): Promise<string> {
  if (source.kind === 'file') {
    try {
      return await readFile(source.path, 'utf8');
    } catch (cause) {
      throw new Error(`the outputs cannot be read from ${source.path}`, { cause });
    }
  }
  const chosen = source.stack === undefined ? [] : ['--stack', source.stack];
  return runPulumi(['stack', 'output', '--json', '--non-interactive', ...chosen]);
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

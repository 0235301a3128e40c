import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import type { Guard } from './guard.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const SOURCES = [
  'fleet',
  'functions',
  'node-agent',
  'providers',
  'stacks',
  'lab',
  'package.json',
  'tsconfig.json',
];

/** How long it took to find that a guard is gone; undefined: it was not found. */
type Verdict = { runs: number; violation: string } | undefined;

const summarySchema = v.object({ runs: v.number(), violation: v.optional(v.string()) });

/** Takes out each guard in turn, in a copy of the source. Answers whether every one was missed. */
export async function runMutants(
  guards: readonly Guard[],
  { cloud, runs, seed }: { cloud: string; runs: number; seed: number },
  print: (line: string) => void,
): Promise<boolean> {
  const width = Math.max(...guards.map(({ name }) => name.length));
  let all = true;
  for (const guard of guards) {
    const verdict = await tryWithout(guard, [
      '--cloud',
      cloud,
      '--runs',
      String(runs),
      '--seed',
      String(seed),
    ]);
    all &&= verdict !== undefined;
    const text =
      verdict === undefined ? `NOT FOUND in ${runs} runs` : `run ${verdict.runs}: ${verdict.violation}`;
    print(`${guard.name.padEnd(width)}  ${text}`);
  }
  return all;
}

async function tryWithout({ name, file, guard, instead }: Guard, flags: string[]): Promise<Verdict> {
  const folder = await mkdtemp(join(tmpdir(), 'ebbtide-mutant-'));
  try {
    for (const source of SOURCES) await cp(join(ROOT, source), join(folder, source), { recursive: true });
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    const path = join(folder, file);
    const text = await readFile(path, 'utf8');
    if (text.split(guard).length !== 2)
      throw new Error(
        `the guard "${name}" is not once in ${file} any more: lab/chaos/guards.ts must follow the source`,
      );
    await writeFile(
      path,
      text.replace(guard, () => instead),
    );
    const told = await runHarness(folder, flags);
    const { runs, violation } = v.parse(v.pipe(v.string(), v.parseJson(), summarySchema), told);
    return violation === undefined ? undefined : { runs, violation };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What the harness of that copy says of itself, as JSON; that it finds something is no error here. */
function runHarness(folder: string, flags: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const command = ['--import', 'tsx', 'lab/chaos/main.ts', '--json', ...flags];
    execFile(process.execPath, command, { cwd: folder }, (error, stdout, stderr) => {
      if (stdout.startsWith('{')) resolve(stdout);
      else reject(new Error(`the mutated harness did not run: ${stderr}`, { cause: error }));
    });
  });
}

import { parseArgs } from 'node:util';
import type { OutputsSource } from './stack/read-address.ts';

export const USAGE = `fleet: what a pool of media servers is doing, and why

  npm run fleet -- status [options]        its nodes: what is on them, and why each is not chosen to leave
  npm run fleet -- explain NODE [options]  one node's story: who decided what, what it waits for, what comes next

  --stack NAME     the Pulumi stack of the pool; without it: the one that is selected
  --outputs FILE   its outputs, as \`pulumi stack output --json\` writes them, where there is no Pulumi
  --json           for machines
  --once           status: look once, on a terminal too
  --every SECONDS  status on a terminal: how often it looks, 1 to 60   [3]
  --help

It has the rights of whoever runs it: the cloud's own credentials, as its other tools find them. Each looks, and changes
nothing.

Exit codes: 0 all was read; 1 something was not; 2 wrong usage.
`;

interface Common {
  source: OutputsSource;
  json: boolean;
}

export type FleetCommand =
  | ({ kind: 'status'; once: boolean; everyMs: number } & Common)
  | ({ kind: 'explain'; node: string } & Common)
  | { kind: 'help' }
  | { kind: 'wrong'; problem: string };

/** What was typed behind `fleet`. */
export function readArguments(argv: readonly string[]): FleetCommand {
  try {
    return read(argv);
  } catch (error) {
    // parseArgs tells what is wrong with a flag in its first sentence; the rest is about its own API.
    const text = error instanceof Error ? error.message : String(error);
    return { kind: 'wrong', problem: text.split('. ')[0] ?? text };
  }
}

function read(argv: readonly string[]): FleetCommand {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      stack: { type: 'string' },
      outputs: { type: 'string' },
      json: { type: 'boolean', default: false },
      once: { type: 'boolean', default: false },
      every: { type: 'string', default: '3' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const [name, ...rest] = positionals;
  if (values.help || name === 'help' || name === undefined) return { kind: 'help' };
  if (values.stack !== undefined && values.outputs !== undefined)
    throw new Error('--stack and --outputs are two ways to say the same');
  const source: OutputsSource =
    values.outputs === undefined
      ? { kind: 'pulumi', stack: values.stack }
      : { kind: 'file', path: values.outputs };
  const common = { source, json: values.json };
  switch (name) {
    case 'status':
      if (rest.length > 0) throw new Error(`status takes no words: ${rest.join(' ')}`);
      return { kind: 'status', once: values.once, everyMs: seconds(values.every) * 1000, ...common };
    case 'explain': {
      const [node, ...more] = rest;
      if (node === undefined) throw new Error('explain needs the name of a node');
      if (more.length > 0) throw new Error(`explain takes one node: ${rest.join(' ')}`);
      return { kind: 'explain', node, ...common };
    }
    default:
      throw new Error(`there is no command "${name}"`);
  }
}

function seconds(written: string): number {
  const value = Number(written);
  if (Number.isInteger(value) && value >= 1 && value <= 60) return value;
  throw new Error(`--every ${written} must be a whole number from 1 to 60`);
}

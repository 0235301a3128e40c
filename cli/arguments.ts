import { parseArgs } from 'node:util';
import { TASKS, type Task } from './rights/task.ts';
import type { OutputsSource } from './stack/outputs.ts';
import { COMMANDS, type CommandName } from './usage.ts';

interface Common {
  source: OutputsSource;
  json: boolean;
}

/** Of a command that has nodes leave. */
interface Acting {
  wait: boolean;
  reason: string | undefined;
}

export type FleetCommand =
  | ({ kind: 'status'; once: boolean; everyMs: number } & Common)
  | ({ kind: 'explain'; node: string } & Common)
  | ({ kind: 'remove'; node: string; replace: boolean } & Acting & Common)
  | ({ kind: 'remove-all'; toZero: boolean; yes: boolean } & Acting & Common)
  | ({ kind: 'roll' } & Acting & Common)
  | ({ kind: 'policy'; task: Task } & Common)
  | { kind: 'help'; of: CommandName | undefined }
  | { kind: 'version' }
  | { kind: 'wrong'; problem: string };

const OPTIONS = {
  stack: { type: 'string' },
  outputs: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
  once: { type: 'boolean' },
  every: { type: 'string' },
  all: { type: 'boolean' },
  'to-zero': { type: 'boolean' },
  replace: { type: 'boolean' },
  wait: { type: 'boolean' },
  reason: { type: 'string' },
  yes: { type: 'boolean' },
  for: { type: 'string' },
} as const;
type Option = keyof typeof OPTIONS;

const OF_ALL: readonly Option[] = ['stack', 'outputs', 'json', 'help', 'version'];
const OF_ONE: Record<CommandName, readonly Option[]> = {
  status: ['once', 'every'],
  explain: [],
  remove: ['all', 'to-zero', 'replace', 'wait', 'reason', 'yes'],
  roll: ['wait', 'reason'],
  policy: ['for'],
};

/** What was typed behind `fleet`. */
export function readArguments(argv: readonly string[]): FleetCommand {
  try {
    return read(argv);
  } catch (error) {
    // parseArgs tells what is wrong with a flag in its first sentence; the rest is about its own API.
    const text = error instanceof Error ? error.message : String(error);
    return { kind: 'wrong', problem: text.split(/\.\s/)[0] ?? text };
  }
}

function parse(argv: readonly string[]) {
  return parseArgs({ args: [...argv], allowPositionals: true, options: OPTIONS });
}
type Values = ReturnType<typeof parse>['values'];

function read(argv: readonly string[]): FleetCommand {
  const { values, positionals } = parse(argv);
  const [name, ...rest] = positionals;
  if (values.version) return { kind: 'version' };
  if (name === undefined) {
    // Who has forgotten the command is not told that all went well.
    const [given] = givenIn(values).filter((option) => option !== 'help');
    if (given !== undefined) throw new Error(`--${given} of which command? There are ${COMMANDS.join(', ')}`);
    return { kind: 'help', of: undefined };
  }
  if (name === 'help') return { kind: 'help', of: rest[0] === undefined ? undefined : commandOf(rest[0]) };
  const command = commandOf(name);
  if (values.help) return { kind: 'help', of: command };
  const foreign = givenIn(values).find(
    (option) => !OF_ALL.includes(option) && !OF_ONE[command].includes(option),
  );
  if (foreign !== undefined) throw new Error(`${command} has no --${foreign}`);
  return readCommand(command, rest, values);
}

function givenIn(values: Values): Option[] {
  return (Object.keys(OPTIONS) as Option[]).filter((option) => values[option] !== undefined);
}

function commandOf(name: string): CommandName {
  const found = COMMANDS.find((command) => command === name);
  if (found === undefined) throw new Error(`there is no command "${name}"`);
  return found;
}

function readCommand(command: CommandName, rest: readonly string[], values: Values): FleetCommand {
  const common = { source: sourceOf(values), json: values.json ?? false };
  const acting = { wait: values.wait ?? false, reason: reasonIn(values), ...common };
  switch (command) {
    case 'status':
      noWords(command, rest);
      return {
        kind: 'status',
        once: values.once ?? false,
        everyMs: seconds(values.every ?? '3') * 1000,
        ...common,
      };
    case 'explain':
      return { kind: 'explain', node: oneNode(command, rest), ...common };
    case 'remove':
      if (values.all) {
        if (rest.length > 0) throw new Error(`--all is of all nodes: it takes no ${rest.join(' ')}`);
        if (values.replace) throw new Error('--replace is for one node: all of them are replaced by roll');
        return {
          kind: 'remove-all',
          toZero: values['to-zero'] ?? false,
          yes: values.yes ?? false,
          ...acting,
        };
      }
      for (const option of ['to-zero', 'yes'] as const)
        if (values[option]) throw new Error(`--${option} goes with --all`);
      return { kind: 'remove', node: oneNode(command, rest), replace: values.replace ?? false, ...acting };
    case 'roll':
      noWords(command, rest);
      return { kind: 'roll', ...acting };
    case 'policy':
      noWords(command, rest);
      return { kind: 'policy', task: taskOf(values.for ?? 'roll'), ...common };
    default:
      return command satisfies never;
  }
}

function taskOf(written: string): Task {
  const found = TASKS.find((task) => task === written);
  if (found === undefined) throw new Error(`--for ${written} must be one of ${TASKS.join(', ')}`);
  return found;
}

function sourceOf({ stack, outputs }: Values): OutputsSource {
  if (stack !== undefined && outputs !== undefined)
    throw new Error('--stack and --outputs are two ways to say the same');
  return outputs === undefined ? { kind: 'pulumi', stack } : { kind: 'file', path: outputs };
}

function noWords(command: CommandName, rest: readonly string[]): void {
  if (rest.length > 0) throw new Error(`${command} takes no words: ${rest.join(' ')}`);
}

function oneNode(command: CommandName, rest: readonly string[]): string {
  const [node, ...more] = rest;
  if (node === undefined) {
    const all = command === 'remove' ? ', or --all' : '';
    throw new Error(`${command} needs the name of a node${all}`);
  }
  if (more.length > 0) throw new Error(`${command} takes one node: ${rest.join(' ')}`);
  return node;
}

/** It is read by each node every few seconds, and by people in one line. */
const LONGEST_REASON = 300;

function reasonIn({ reason }: Values): string | undefined {
  const text = reason?.replace(/\s+/g, ' ').trim();
  if (text === '') throw new Error('--reason says nothing');
  if (text !== undefined && text.length > LONGEST_REASON)
    throw new Error(`--reason has ${text.length} characters: at most ${LONGEST_REASON}`);
  return text;
}

function seconds(written: string): number {
  const value = Number(written);
  if (Number.isInteger(value) && value >= 1 && value <= 60) return value;
  throw new Error(`--every ${written} must be a whole number from 1 to 60`);
}

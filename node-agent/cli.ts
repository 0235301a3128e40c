import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { buildOf } from '../fleet/agent-update.ts';
import { describeError } from '../fleet/error.ts';
import { statusSchema } from '../fleet/status.ts';
import { VERSION } from '../fleet/version.ts';
import { runAwaitMedia, runCreateMedia } from './container/commands.ts';
import { describeStatus } from './operator/prose.ts';
import { askAgent, type SocketAnswer } from './operator/socket-client.ts';
import { check, run } from './run.ts';
import type { Program } from './update/launch.ts';

const USAGE = `ebbtide-agent ${VERSION}: lets this machine go only when its last call has ended

  ebbtide-agent run [--config FILE]      watch the cloud and the media server (what the service does)
  ebbtide-agent status                   how this node is
  ebbtide-agent explain                  why, what it waits for, what comes next
  ebbtide-agent drain [--reason TEXT]    empty this node for maintenance; the machine stays
  ebbtide-agent resume                   serve again, with a fresh media process
  ebbtide-agent update                   run the agent that the stack publishes; calls go on
  ebbtide-agent check [--config FILE]    whether this agent could run here
  ebbtide-agent create-media [--config FILE]   make and start the media server's container, unless it was drained
  ebbtide-agent await-media [--config FILE]    wait until that container has ended

  --config FILE   default /etc/ebbtide/agent.json; with create-media and await-media /etc/ebbtide/container.json
  --socket PATH   default /run/ebbtide/agent.sock
  --json          for machines
  --help, --version

Exit codes: 0 done; 1 failed, or refused; 2 wrong usage.
`;

/** Runs one command line; gives the exit code, or undefined while the agent goes on running. */
export async function main(
  commandLine: string[],
  environment: Readonly<Record<string, string | undefined>>,
  program: Program,
): Promise<number | undefined> {
  const parsed = parse(commandLine);
  if (typeof parsed === 'string') {
    process.stderr.write(`ebbtide-agent: ${parsed}\n\n${USAGE}`);
    return 2;
  }
  const { command, options } = parsed;
  if (options.version === true) {
    process.stdout.write(`${VERSION}+${buildOf(program.sha256)}\n`);
    return 0;
  }
  if (options.help === true || command === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  try {
    switch (command) {
      case 'run':
        await run(options.config ?? CONFIG, environment, program);
        return undefined;
      case 'check':
        await check(options.config ?? CONFIG);
        process.stdout.write(`agent ${VERSION} (${buildOf(program.sha256)}) can run here\n`);
        return 0;
      case 'create-media':
        await runCreateMedia(options.config ?? CONTAINER);
        return 0;
      case 'await-media':
        await runAwaitMedia(options.config ?? CONTAINER);
        return 0;
      case 'status':
        return print(await askAgent(options.socket, 'GET', '/status'), options.json, statusProse);
      case 'explain':
        return print(await askAgent(options.socket, 'GET', '/explain'), options.json, textOf);
      case 'drain': {
        const body = options.reason === undefined ? {} : { reason: options.reason };
        return print(await askAgent(options.socket, 'POST', '/drain', body), options.json, textOf);
      }
      case 'resume':
        return print(await askAgent(options.socket, 'POST', '/resume'), options.json, textOf);
      case 'update':
        return print(
          await askAgent(options.socket, 'POST', '/update', undefined, UPDATE_TIMEOUT_MS),
          options.json,
          textOf,
        );
    }
  } catch (cause) {
    process.stderr.write(`ebbtide-agent: ${describeError(cause)}\n`);
    return 1;
  }
}

const CONFIG = '/etc/ebbtide/agent.json';
const CONTAINER = '/etc/ebbtide/container.json';
const COMMANDS = [
  'run',
  'status',
  'explain',
  'drain',
  'resume',
  'update',
  'check',
  'create-media',
  'await-media',
  'help',
] as const;
/** It is fetched and looked at first. */
const UPDATE_TIMEOUT_MS = 180_000;
type CommandName = (typeof COMMANDS)[number];

interface Options {
  config: string | undefined;
  socket: string;
  json: boolean;
  reason: string | undefined;
  help: boolean | undefined;
  version: boolean | undefined;
}

function parse(commandLine: string[]): { command: CommandName; options: Options } | string {
  try {
    const { values, positionals } = parseArgs({
      args: commandLine,
      allowPositionals: true,
      options: {
        config: { type: 'string' },
        socket: { type: 'string', default: '/run/ebbtide/agent.sock' },
        json: { type: 'boolean', default: false },
        reason: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean' },
      },
    });
    const [name, ...rest] = positionals;
    const command = COMMANDS.find((known) => known === (name ?? 'help'));
    if (command === undefined) return `there is no command "${name}"`;
    if (rest.length > 0) return `too many words: ${rest.join(' ')}`;
    if (values.reason !== undefined && command !== 'drain') return '--reason goes with drain';
    return {
      command,
      options: {
        ...values,
        config: values.config,
        reason: values.reason,
        help: values.help,
        version: values.version,
      },
    };
  } catch (cause) {
    return describeError(cause);
  }
}

function print(answer: SocketAnswer, json: boolean, prose: (body: unknown) => string): number {
  process.stdout.write(json ? `${JSON.stringify(answer.body)}\n` : `${prose(answer.body)}\n`);
  return answer.status === 200 ? 0 : 1;
}

function statusProse(body: unknown): string {
  return describeStatus(v.parse(statusSchema, body));
}

function textOf(body: unknown): string {
  return v.parse(v.object({ text: v.string() }), body).text;
}

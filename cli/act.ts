import { hostname } from 'node:os';
import { createDecisionId } from '../fleet/decision-id.ts';
import { describeDuration } from '../fleet/duration.ts';
import { describeError } from '../fleet/error.ts';
import type { FleetCommand } from './arguments.ts';
import type { Console } from './console.ts';
import { type LeavingEvent, Refused, sentenceOf } from './leave/leaving-event.ts';
import type { Wish } from './leave/plan-leaving.ts';
import { type Leaving, runLeaving } from './leave/run-leaving.ts';
import { look } from './look.ts';
import type { Pool, Replacement } from './pool.ts';
import { LEASE_MS, takeRollLock } from './roll/roll-lock.ts';
import { printable } from './view/text.ts';

export type ActingCommand = Extract<FleetCommand, { kind: 'remove' | 'remove-all' | 'roll' }>;

const OK = 0;
const NOT_OK = 1;
const REFUSED = 3;
const MORE_TO_DO = 4;
const INTERRUPTED = 130;

const TROUBLE: ReadonlySet<LeavingEvent['event']> = new Set(['refused', 'failed', 'unverified']);

/** Has nodes leave, and tells how that goes: a sentence for each thing that happens, or a line of JSON. To an exit code. */
export async function act(pool: Pool, command: ActingCommand, console: Console): Promise<number> {
  const { json } = command;
  let anybody = false;
  const tell = (event: LeavingEvent) => {
    anybody ||= event.event === 'asked' || event.event === 'leaving';
    const isIdle = event.event === 'end' && event.outcome === 'gone' && !anybody;
    const sentence = isIdle ? 'Nobody is to leave: nothing was changed.' : printable(sentenceOf(event));
    const line = json ? JSON.stringify({ at: new Date().toISOString(), ...event }) : sentence;
    const isTrouble = TROUBLE.has(event.event);
    (isTrouble && !json ? console.err : console.out).write(`${line}\n`);
  };
  try {
    if ((await confirm(pool, command, console)) === 'interrupted') return INTERRUPTED;
    if (pool.doubt !== undefined) tell({ event: 'unverified', reason: pool.doubt });
    const { unjudged, ...end } = await (command.kind === 'roll' ? roll : leave)(pool, command, console, tell);
    tell({ event: 'end', ...end });
    return codeOf({ unjudged, ...end });
  } catch (error) {
    if (error instanceof Refused) {
      tell({ event: 'refused', code: error.code, reason: error.message });
      return REFUSED;
    }
    tell({ event: 'failed', reason: describeError(error) });
    tell({ event: 'end', outcome: 'failed' });
    return NOT_OK;
  }
}

/** Of a pool one at a time. */
async function roll(
  pool: Pool,
  command: ActingCommand,
  console: Console,
  tell: (event: LeavingEvent) => void,
): Promise<Leaving> {
  const by = whoIn(console.environment);
  const lock = await takeRollLock(
    {
      store: pool.store,
      now: Date.now,
      say: (text) => tell({ event: 'lock', text }),
    },
    { id: createDecisionId(Date.now()), by: `${by} on ${hostname()}` },
  );
  let end: Leaving | undefined;
  try {
    end = await leave(pool, command, console, tell, lock.keep);
  } finally {
    await lock.free().catch((cause: unknown) => {
      const reason = `that this roll is over could not be written, and holds up the next one for ${describeDuration(LEASE_MS)}: ${describeError(cause)}`;
      tell({ event: 'failed', reason });
      if (end !== undefined) end = { ...end, outcome: 'failed' };
    });
  }
  return end;
}

function leave(
  pool: Pool,
  command: ActingCommand,
  { environment, signal, sleep }: Console,
  tell: (event: LeavingEvent) => void,
  keep?: () => Promise<void>,
): Promise<Leaving> {
  const { wish, replacement } = whatOf(command, pool);
  const options = {
    wish,
    replacement,
    wait: command.wait,
    by: `${whoIn(environment)} (fleet ${command.kind === 'roll' ? 'roll' : 'remove'})`,
    reason: command.reason,
  };
  return runLeaving(options, {
    pool,
    look: () => look(pool, Date.now, signal),
    tell,
    now: Date.now,
    sleep,
    signal,
    keep,
    random: Math.random,
  });
}

function whatOf(command: ActingCommand, pool: Pool): { wish: Wish; replacement: Replacement } {
  switch (command.kind) {
    case 'remove':
      return {
        wish: { kind: 'node', node: command.node },
        replacement: command.replace ? 'at-once' : 'if-needed',
      };
    case 'remove-all':
      return { wish: { kind: 'all', keep: keepOf(command, pool) }, replacement: 'never' };
    case 'roll':
      return { wish: { kind: 'outdated' }, replacement: 'at-once' };
    default:
      return command satisfies never;
  }
}

/** Below its minimum a cloud keeps no pool: it would start others as fast as these leave. */
function keepOf(
  { toZero }: Extract<ActingCommand, { kind: 'remove-all' }>,
  { address: { pool, cloud, rules } }: Pool,
): number {
  if (!toZero || rules.min === 0) return rules.min;
  throw new Refused(
    'minimum',
    `the pool ${pool} is to have ${rules.min} at least, and ${cloud} would start others as these leave: set ebbtide:pool.min to 0, run \`pulumi up\`, and then this again. Nothing was changed`,
  );
}

/** All of a pool at once is worth a question. */
async function confirm(
  pool: Pool,
  command: ActingCommand,
  { ask, out, signal }: Console,
): Promise<'meant' | 'interrupted'> {
  if (command.kind !== 'remove-all') return 'meant';
  const keep = keepOf(command, pool);
  if (command.yes) return 'meant';
  const { pool: name, cloud } = pool.address;
  const what = keep === 0 ? `every node of the pool ${name}` : `all nodes of the pool ${name} but ${keep}`;
  if (ask === undefined || command.json || out.isTTY !== true)
    throw new Refused('not-confirmed', `this has ${what} leave, and nobody can be asked: say --yes`);
  const answer = await ask(
    `This has ${what} on ${cloud} leave, each after its last room. Type the pool's name: `,
  );
  // Who interrupts the question has given no answer, and nothing was changed.
  if (signal.aborted) return 'interrupted';
  if (answer.trim() !== name) throw new Refused('not-confirmed', 'that is not its name: nothing was changed');
  return 'meant';
}

function whoIn({ USER, LOGNAME, USERNAME }: Console['environment']): string {
  return USER || LOGNAME || USERNAME || 'an operator';
}

function codeOf({ outcome, more, unjudged }: Leaving): number {
  switch (outcome) {
    case 'gone':
      return unjudged > 0 ? NOT_OK : OK;
    case 'begun':
      return more !== undefined && more > 0 ? MORE_TO_DO : OK;
    case 'failed':
      return NOT_OK;
    case 'interrupted':
      return INTERRUPTED;
    default:
      return outcome satisfies never;
  }
}

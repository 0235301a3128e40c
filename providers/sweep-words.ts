import { describeDuration } from '../fleet/duration.ts';
import { describeReading } from '../fleet/node-reading.ts';
import { hasWork, type OnDestroy, type SweptMachine } from './sweep-plan.ts';

/** Of whom a sweep speaks. */
export interface SweptPool {
  pool: string;
  group: string;
  region: string;
  /** How its nodes are drained first, for people. */
  drainFirst: readonly string[];
  /** Where the group is the operator's own, and only machines that are on their way out are anybody's business. */
  isExisting?: boolean | undefined;
}

/** How nodes are drained first that are leaving a group of the operator's own. */
export const WAIT_FOR_LEAVING: readonly string[] = [
  'Each leaves by itself as its last call ends (`npm run fleet -- status` shows them); when they are gone, destroy again. ' +
    'What serves in the group is not touched.',
];

const UNCHANGED = 'Nothing has been destroyed.';
/** The same on every cloud, where the group is the stack's. */
const BY_FLEET = [
  'Or the same by `fleet`:',
  '  pulumi config set --path ebbtide:pool.min 0 && pulumi up && npm run --silent fleet -- remove --all --to-zero --yes --wait',
];
const INSIST =
  'To insist, and cut the calls that are on:\n' +
  '  pulumi config set ebbtide:onDestroy cut && pulumi destroy --run-program';

/** Why a pool stays, node by node; how to empty it first, and how to insist. */
export function refusal(
  pool: SweptPool,
  nodes: readonly SweptMachine[],
  machines: number,
  now: number,
): string {
  const known = nodes.filter(({ reading }) => reading.kind === 'fresh' && reading.status.work !== null);
  const unknown = nodes.length - known.length;
  const why = [
    ...(known.length > 0 ? [`calls are on ${known.length} of its ${machines} ${nodesOf(pool)}`] : []),
    ...(unknown > 0 ? [`of ${unknown} it is not known what is on them, so calls may be`] : []),
  ];
  return [
    `the pool ${pool.pool} is not destroyed: ${why.join(', and ')}.`,
    ...nodes.map((node) => nodeLine(node, now)),
    UNCHANGED,
    ...(known.length > 0 ? pool.drainFirst : []),
    ...(known.length > 0 && pool.isExisting !== true ? BY_FLEET : []),
    ...(unknown > 0 ? lookFirst() : []),
    INSIST,
  ].join('\n');
}

function nodesOf({ isExisting }: SweptPool): string {
  return isExisting === true ? 'nodes that are leaving' : 'nodes';
}

export function lost({ pool, group, region }: SweptPool, reason: string): string {
  return (
    `the pool ${pool} is not destroyed: there is no group ${group} in ${region}, and ${reason}. ` +
    `Are these the credentials of the account that it is in? ${UNCHANGED}`
  );
}

export function unreadable({ pool, group, region }: SweptPool): string {
  return `the pool ${pool} is not destroyed: its group ${group} in ${region} cannot be read. ${UNCHANGED}`;
}

/** The program does not run in a plain destroy, so what the stack file says by now is not known. */
export function cutNotice({ pool, isExisting }: SweptPool): string {
  const whose = isExisting === true ? 'on a node that is leaving' : 'that is on it';
  return (
    `the pool ${pool} is destroyed with every call ${whose}: they are cut, since ebbtide:onDestroy was cut when the ` +
    'program last ran (`pulumi up`, or `pulumi destroy --run-program`). What the stack file says since then is not looked at.'
  );
}

/** A right is missing, or the account is another one: no second attempt makes it right. `changed`: something is done already. */
export function interrupted(pool: SweptPool, onDestroy: OnDestroy, changed: boolean): string {
  if (!changed) return `the pool ${pool.pool} is not destroyed: a right is missing. ${UNCHANGED}`;
  return [
    `the pool ${pool.pool} is not destroyed to its end: a right is missing.`,
    ...howItStands(pool, onDestroy),
  ].join('\n');
}

/** Something was done, and not all: what is left, and how to go on. */
export function unfinished(
  pool: SweptPool,
  onDestroy: OnDestroy,
  waitsFor: readonly SweptMachine[],
  minutes: number,
  troubles: readonly string[],
  now: number,
): string {
  return [
    `the pool ${pool.pool} is not destroyed to its end: after ${minutes} min ${machinesOf(waitsFor)} still there.`,
    ...waitsFor.map((node) => nodeLine(node, now)),
    ...troubles.map((trouble) => `  failed: ${trouble}`),
    ...howItStands(pool, onDestroy),
  ].join('\n');
}

/** While it goes on: whom it waits for, and for how long at most. */
export function waiting(
  { pool }: SweptPool,
  waitsFor: readonly SweptMachine[],
  leftMs: number,
  now: number,
): string {
  const most = describeDuration(leftMs);
  // Who has calls holds it up longest.
  const listed = [...waitsFor.filter(hasWork), ...waitsFor.filter((each) => !hasWork(each))].slice(0, LISTED);
  return [
    `the pool ${pool} is being destroyed: ${machinesOf(waitsFor)} still there. The destroy waits for ${waitsFor.length === 1 ? 'it' : 'them'}, for ${most} at most.`,
    ...listed.map((node) => nodeLine(node, now)),
    ...(waitsFor.length > LISTED ? [`  and ${waitsFor.length - LISTED} more`] : []),
  ].join('\n');
}

const LISTED = 10;

function machinesOf({ length }: readonly SweptMachine[]): string {
  return length === 1 ? '1 machine is' : `${length} machines are`;
}

function howItStands({ group, isExisting }: SweptPool, onDestroy: OnDestroy): string[] {
  const lets = {
    refuse: 'lets each go as its last call ends',
    cut: 'ends each at once, with the calls on it',
  } as const;
  return [
    isExisting === true
      ? `The group ${group} lets no more machines go, so that none begins to leave meanwhile; all else of the stack is as it was.`
      : `The group ${group} asks for no nodes any more, and ${lets[onDestroy]}; all else of the stack is as it was.`,
    'To go on: `pulumi destroy` again. To take it back: `pulumi up --refresh`.',
    ...(onDestroy === 'refuse' ? [INSIST] : []),
  ];
}

function nodeLine({ node, zone, state, reading }: SweptMachine, now: number): string {
  return `  ${node} (${zone}, ${state}): ${describeReading(reading)}${jobsOf(reading)}${drainOf(reading, now)}`;
}

/** How long it has been leaving already. */
function drainOf(reading: SweptMachine['reading'], now: number): string {
  if (reading.kind !== 'fresh' || reading.status.phase !== 'draining') return '';
  return `, for ${describeDuration(now - Date.parse(reading.status.since))}`;
}

/** What else keeps a node. */
function jobsOf(reading: SweptMachine['reading']): string {
  if (reading.kind !== 'fresh' || reading.status.work === null) return '';
  const { egress, ingress, agents } = reading.status.work;
  const jobs = egress + ingress + agents;
  return jobs === 0 ? '' : `, ${jobs} jobs`;
}

function lookFirst(): string[] {
  return [
    'A node that does not speak: look at it (`ebbtide-agent explain` on it), or end its machine yourself once you know that nobody is on it.',
  ];
}

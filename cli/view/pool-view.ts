import { type ChoosingRules, chooseVictims } from '../../fleet/choose-victims.ts';
import { type Decision, explainsLeaving, TAKEN_AWAY } from '../../fleet/decision.ts';
import { describeReading } from '../../fleet/node-reading.ts';
import type { PoolAddress } from '../../fleet/pool-address.ts';
import type { NodeReading } from '../../fleet/registry.ts';
import type { NodeStatus, Phase } from '../../fleet/status.ts';
import {
  asProtected,
  holdsUpOthers,
  isLeaving,
  mayBeDecided,
  type PoolWorld,
  type Seen,
  seeAll,
} from './seen.ts';

/** A node does not tell the reason of its decision, nor who was passed over. */
export type ToldDecision = Pick<Decision, 'id' | 'by' | 'at' | 'cause' | 'intent' | 'deadline'> &
  Partial<Pick<Decision, 'reason' | 'passedOver' | 'passedOverMore'>>;

/** What a node said last that says nothing any more. */
export interface LastWords {
  /** When, by its own clock. */
  at: string;
  phase: Phase;
  rooms: number | undefined;
  people: number | undefined;
  jobs: number | undefined;
}

/** One machine as its operator sees it. What is not known is undefined. */
export interface NodeRow {
  node: string;
  zone: string;
  /** In the cloud's words. */
  state: string;
  /** What the node says of itself; undefined where it says nothing that is fresh. */
  phase: Phase | undefined;
  /** Why there is no phase, or no work. */
  unknown: string | undefined;
  /** Where they were asked for. */
  last: LastWords | undefined;
  rooms: number | undefined;
  people: number | undefined;
  /** Egress, ingress and agent jobs. */
  jobs: number | undefined;
  /** From 0 to 1. */
  load: number | undefined;
  /** When the phase began, by the node's clock: ISO 8601. */
  since: string | undefined;
  forMs: number | undefined;
  /** As it is written in the registry, or as the node tells of it: what a person decided on it, or its cloud, is written nowhere else. */
  decision: ToldDecision | undefined;
  /** Why it is not known what is decided about it. */
  decisionUnknown: string | undefined;
  agent: string | undefined;
  template: string | undefined;
  /** Whether its template is another than the pool's. */
  outdated: boolean | undefined;
  protected: boolean;
  alarms: { name: string; since: string; text: string }[];
  /** Why it would not be chosen now; undefined for one that would, and for one that is on its way out. */
  whyNot: string | undefined;
}

export interface PoolView {
  pool: string;
  cloud: PoolAddress['cloud'];
  at: string;
  min: number;
  max: number;
  /** undefined where its machines could not be read: that is not none. */
  nodes: NodeRow[] | undefined;
  /** What could not be read: what is missing above may be there. */
  problems: string[];
  /** Why what nodes say of themselves could not be checked, where it should be. */
  doubt: string | undefined;
  /** Not where scaling.kind is none: nobody asks for fewer but its operator. undefined in outputs of earlier versions. */
  scales: boolean | undefined;
}

/** Pure: a pool as its operator sees it. */
export function viewPool(address: PoolAddress, world: PoolWorld, doubt?: string): PoolView {
  const { machines, fleet, decisions, now } = world;
  const seen = seeAll(world);
  const whyNot = reasonsNotToChoose(seen, address, now);
  return {
    pool: address.pool,
    cloud: address.cloud,
    at: new Date(now).toISOString(),
    min: address.rules.min,
    max: address.rules.max,
    nodes:
      machines.kind === 'unknown'
        ? undefined
        : seen.map((each) => rowOf(each, address, whyNot.get(each.machine.node), now)).sort(byPhase),
    doubt,
    scales: address.scales,
    problems: [
      ...(machines.kind === 'unknown' ? [`its machines could not be read: ${machines.reason}`] : []),
      ...(fleet.complete
        ? []
        : [`its statuses were not read to their end: ${fleet.problem ?? 'unknown cause'}`]),
      ...(decisions.complete
        ? []
        : [`its decisions were not read to their end: ${decisions.problem ?? 'unknown cause'}`]),
      ...(decisions.complete ? unreadDecisions(seen) : []),
    ],
  };
}

/** Of many the first say enough. */
const NAMED = 3;

function unreadDecisions(seen: readonly Seen[]): string[] {
  const unread = seen.flatMap(({ machine: { node }, decided }) =>
    decided.kind === 'unknown' ? [`what is decided about ${node} could not be read: ${decided.reason}`] : [],
  );
  const more = unread.length - NAMED;
  return [...unread.slice(0, NAMED), ...(more > 0 ? [`nor that about ${more} more`] : [])];
}

/** As the pool's function would see it, if as many as possible were to go now. */
function reasonsNotToChoose(
  seen: readonly Seen[],
  { cloud, rules, template }: PoolAddress,
  now: number,
): Map<string, string> {
  // What may be a drain counts as one, as it does there.
  const leaves = (each: Seen) => isLeaving(each, cloud) || mayBeDecided(each, cloud);
  const leaving = seen.filter(leaves);
  const staying = seen.filter((each) => !leaves(each));
  // Between what an operator decides the function lets no time pass.
  const decidedAt = seen.flatMap(({ decided }) =>
    decided.kind === 'decided' && decided.decision.cause !== 'operator'
      ? [Date.parse(decided.decision.at)]
      : [],
  );
  const choosing: ChoosingRules = {
    minServing: rules.min,
    maxDrains: rules.maxDrains,
    drainsUnderWay: leaving.filter((each) => holdsUpOthers(each, now)).length,
    coolDownMs: rules.coolDownMs,
    lastDecisionAt: Math.max(...decidedAt),
    warmUpMs: rules.warmUpMs,
    currentTemplate: template,
    unknown: 'only-known',
    alreadyChosen: new Set(),
  };
  const candidates = staying.map((each) => ({
    node: each.machine.node,
    zone: each.machine.zone,
    reading: asProtected(each),
  }));
  const { passedOver } = chooseVictims(candidates, [{ count: candidates.length }], choosing, now);
  return new Map(passedOver.map(({ node, reason }) => [node, reason]));
}

function rowOf(
  { machine, reading, decided }: Seen,
  { template }: PoolAddress,
  whyNot: string | undefined,
  now: number,
): NodeRow {
  const status = reading.kind === 'fresh' ? reading.status : undefined;
  return {
    node: machine.node,
    zone: machine.zone,
    state: machine.state,
    phase: status?.phase,
    unknown: unknownOf(reading),
    last: lastWordsOf(reading),
    ...workOf(status),
    load: status?.load ?? undefined,
    since: status?.since,
    forMs: status === undefined ? undefined : Math.max(0, now - Date.parse(status.since)),
    decisionUnknown: decided.kind === 'unknown' ? decided.reason : undefined,
    decision: latestOf(decided.kind === 'decided' ? decided.decision : undefined, status?.decision),
    agent: status?.software.agent,
    template: status?.software.template,
    outdated: status?.software.template === undefined ? undefined : status.software.template !== template,
    protected: machine.protected || (status?.protected ?? false),
    alarms: status?.alarms ?? [],
    whyNot,
  };
}

function workOf(status: NodeStatus | undefined): Pick<NodeRow, 'rooms' | 'people' | 'jobs'> {
  const work = status?.work ?? undefined;
  return {
    rooms: work?.rooms,
    people: work?.people,
    jobs: work === undefined ? undefined : work.egress + work.ingress + work.agents,
  };
}

/** Of one that is silent, or that is there no more. */
export function lastWordsOf(reading: NodeReading, isGone = false): LastWords | undefined {
  const said = reading.kind === 'stale' ? reading.last : undefined;
  const status = isGone && reading.kind === 'fresh' ? reading.status : said;
  return status === undefined ? undefined : { at: status.at, phase: status.phase, ...workOf(status) };
}

/**
 * What was written of a node that stayed may be old; of the same decision the registry tells more. A node that had to go
 * and could not read in time why has said so, and drains by an id of its own.
 */
function latestOf(written: Decision | undefined, told: ToldDecision | undefined): ToldDecision | undefined {
  if (written === undefined || told === undefined) return written ?? told;
  if (told.id !== written.id && isTakenAway(told) && explainsLeaving(written, Date.parse(told.at))) {
    const { id, deadline = written.deadline } = told;
    const reason = `${written.reason} (its agent could not read this in time: it drains by decision ${id})`;
    return { ...written, reason, ...(deadline === undefined ? {} : { deadline }) };
  }
  return told.id !== written.id && Date.parse(told.at) > Date.parse(written.at) ? told : written;
}

function isTakenAway({ by, cause, intent }: ToldDecision): boolean {
  return by === TAKEN_AWAY.by && cause === TAKEN_AWAY.cause && intent === TAKEN_AWAY.intent;
}

function unknownOf(reading: NodeReading): string | undefined {
  if (reading.kind !== 'fresh') return describeReading(reading);
  return reading.status.work === null ? (reading.status.unknown ?? 'it gives no reason') : undefined;
}

const ORDER: readonly (Phase | undefined)[] = [
  undefined,
  'empty',
  'leaving',
  'draining',
  'cordoned',
  'booting',
  'warm',
  'serving',
];

/** What needs a person stands first. */
function byPhase(a: NodeRow, b: NodeRow): number {
  const alarmed = Number(b.alarms.length > 0) - Number(a.alarms.length > 0);
  if (alarmed !== 0) return alarmed;
  const phase = ORDER.indexOf(a.phase) - ORDER.indexOf(b.phase);
  if (phase !== 0) return phase;
  return a.node < b.node ? -1 : 1;
}

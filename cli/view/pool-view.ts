import { type ChoosingRules, chooseVictims } from '../../fleet/choose-victims.ts';
import type { Decision } from '../../fleet/decision.ts';
import { describeReading } from '../../fleet/node-reading.ts';
import type { PoolAddress } from '../../fleet/pool-address.ts';
import type { NodeReading } from '../../fleet/registry.ts';
import type { Phase } from '../../fleet/status.ts';
import { asProtected, holdsUpOthers, isLeaving, type PoolWorld, type Seen, seeAll } from './seen.ts';

/** A node does not tell the reason of its decision, nor who was passed over. */
export type ToldDecision = Pick<Decision, 'id' | 'by' | 'at' | 'cause' | 'intent' | 'deadline'> &
  Partial<Pick<Decision, 'reason' | 'passedOver' | 'passedOverMore'>>;

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
  nodes: NodeRow[];
  /** What could not be read: what is missing above may be there. */
  problems: string[];
  /** Why what nodes say of themselves could not be checked, where it should be. */
  doubt: string | undefined;
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
    nodes: seen.map((each) => rowOf(each, address, whyNot.get(each.machine.node), now)).sort(byPhase),
    doubt,
    problems: [
      ...(machines.kind === 'unknown' ? [`its machines could not be read: ${machines.reason}`] : []),
      ...(fleet.complete
        ? []
        : [`its statuses were not read to their end: ${fleet.problem ?? 'unknown cause'}`]),
      ...(decisions.complete
        ? []
        : [`its decisions were not read to their end: ${decisions.problem ?? 'unknown cause'}`]),
    ],
  };
}

/** As the pool's function would see it, if as many as possible were to go now. */
function reasonsNotToChoose(
  seen: readonly Seen[],
  { cloud, rules }: PoolAddress,
  now: number,
): Map<string, string> {
  const leaving = seen.filter((each) => isLeaving(each, cloud));
  const staying = seen.filter((each) => !isLeaving(each, cloud));
  const lastDecisionAt = Math.max(
    ...seen.flatMap(({ decided }) => (decided.kind === 'decided' ? [Date.parse(decided.decision.at)] : [])),
  );
  const choosing: ChoosingRules = {
    minServing: rules.min,
    maxDrains: rules.maxDrains,
    drainsUnderWay: leaving.filter((each) => holdsUpOthers(each, now)).length,
    coolDownMs: rules.coolDownMs,
    lastDecisionAt,
    warmUpMs: rules.warmUpMs,
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
  const work = status?.work ?? undefined;
  return {
    node: machine.node,
    zone: machine.zone,
    state: machine.state,
    phase: status?.phase,
    unknown: unknownOf(reading),
    rooms: work?.rooms,
    people: work?.people,
    jobs: work === undefined ? undefined : work.egress + work.ingress + work.agents,
    load: status?.load ?? undefined,
    since: status?.since,
    forMs: status === undefined ? undefined : Math.max(0, now - Date.parse(status.since)),
    decision: latestOf(decided.kind === 'decided' ? decided.decision : undefined, status?.decision),
    agent: status?.software.agent,
    template: status?.software.template,
    outdated: status?.software.template === undefined ? undefined : status.software.template !== template,
    protected: machine.protected || (status?.protected ?? false),
    alarms: status?.alarms ?? [],
    whyNot,
  };
}

/** What was written of a node that stayed may be old; of the same decision the registry tells more. */
function latestOf(written: Decision | undefined, told: ToldDecision | undefined): ToldDecision | undefined {
  if (written === undefined || told === undefined) return written ?? told;
  return told.id !== written.id && Date.parse(told.at) > Date.parse(written.at) ? told : written;
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

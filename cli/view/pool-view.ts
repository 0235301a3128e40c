import { type ChoosingRules, chooseVictims } from '../../fleet/choose-victims.ts';
import type { Decision } from '../../fleet/decision.ts';
import { describeReading } from '../../fleet/node-reading.ts';
import type { PoolAddress } from '../../fleet/pool-address.ts';
import type { PoolMachine } from '../../fleet/pool-machine.ts';
import {
  type DecisionReading,
  type DecisionsReading,
  decisionOf,
  type FleetReading,
  type NodeReading,
  readingOf,
} from '../../fleet/registry.ts';
import type { Phase } from '../../fleet/status.ts';

export type MachinesReading =
  | { kind: 'known'; machines: PoolMachine[] }
  | { kind: 'unknown'; reason: string };

/** All that is known of a pool at one moment. */
export interface PoolWorld {
  machines: MachinesReading;
  fleet: FleetReading;
  decisions: DecisionsReading;
  /** ms since the epoch, by the clock of whoever looks. */
  now: number;
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
  rooms: number | undefined;
  people: number | undefined;
  /** Egress, ingress and agent jobs. */
  jobs: number | undefined;
  /** From 0 to 1. */
  load: number | undefined;
  /** When the phase began, by the node's clock: ISO 8601. */
  since: string | undefined;
  forMs: number | undefined;
  decision: Decision | undefined;
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
}

/** Pure: a pool as its operator sees it. */
export function viewPool(address: PoolAddress, world: PoolWorld): PoolView {
  const { machines, fleet, decisions, now } = world;
  const seen = machines.kind === 'known' ? machines.machines.map((machine) => see(machine, world)) : [];
  const whyNot = reasonsNotToChoose(seen, address, now);
  return {
    pool: address.pool,
    cloud: address.cloud,
    at: new Date(now).toISOString(),
    min: address.rules.min,
    max: address.rules.max,
    nodes: seen.map((each) => rowOf(each, address, whyNot.get(each.machine.node), now)).sort(byPhase),
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

interface Seen {
  machine: PoolMachine;
  reading: NodeReading;
  decided: DecisionReading;
}

/** What is of an earlier machine of the same name is none of this one. */
function see(machine: PoolMachine, { fleet, decisions }: PoolWorld): Seen {
  const reading = readingOf(fleet, machine.node);
  const isOfAnother = reading.kind === 'fresh' && isOther(reading.status.machine, machine);
  const decided = decisionOf(decisions, machine.node);
  const isAboutAnother = decided.kind === 'decided' && isOther(decided.decision.machine, machine);
  return {
    machine,
    reading: isOfAnother ? { kind: 'missing' } : reading,
    decided: isAboutAnother ? { kind: 'none' } : decided,
  };
}

function isOther(told: string | undefined, { machine }: PoolMachine): boolean {
  return told !== undefined && told.toLowerCase() !== machine.toLowerCase();
}

/** Whether it is on its way out, or was told to be. */
function isLeaving({ machine: { place }, reading, decided }: Seen): boolean {
  if (place === 'leaving-group' || place === 'outside' || place === 'ending') return true;
  if (reading.kind === 'fresh' && ['draining', 'empty', 'leaving'].includes(reading.status.phase))
    return true;
  return decided.kind === 'decided' && decided.decision.intent === 'leave';
}

/** As the pool's function would see it, if as many as possible were to go now. */
function reasonsNotToChoose(seen: readonly Seen[], { rules }: PoolAddress, now: number): Map<string, string> {
  const leaving = seen.filter(isLeaving);
  const staying = seen.filter((each) => !isLeaving(each));
  const lastDecisionAt = Math.max(
    ...seen.flatMap(({ decided }) => (decided.kind === 'decided' ? [Date.parse(decided.decision.at)] : [])),
  );
  const choosing: ChoosingRules = {
    minServing: rules.min,
    maxDrains: rules.maxDrains,
    drainsUnderWay: leaving.length,
    coolDownMs: rules.coolDownMs,
    lastDecisionAt,
    warmUpMs: rules.warmUpMs,
    unknown: 'only-known',
    alreadyChosen: new Set(),
  };
  const candidates = staying.map(({ machine, reading }) => ({
    node: machine.node,
    zone: machine.zone,
    reading: machine.protected ? asProtected(reading) : reading,
  }));
  const { passedOver } = chooseVictims(candidates, [{ count: candidates.length }], choosing, now);
  return new Map(passedOver.map(({ node, reason }) => [node, reason]));
}

function asProtected(reading: NodeReading): NodeReading {
  return reading.kind === 'fresh' ? { ...reading, status: { ...reading.status, protected: true } } : reading;
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
    decision: decided.kind === 'decided' ? decided.decision : undefined,
    agent: status?.software.agent,
    template: status?.software.template,
    outdated: status?.software.template === undefined ? undefined : status.software.template !== template,
    protected: machine.protected || (status?.protected ?? false),
    alarms: status?.alarms ?? [],
    whyNot,
  };
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

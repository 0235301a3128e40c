import * as v from 'valibot';
import type { TerminationPolicySettings } from '../../../fleet/aws-function-settings.ts';
import {
  type Candidate,
  type Choice,
  type ChoosingRules,
  chooseVictims,
} from '../../../fleet/choose-victims.ts';
import { type Decision, PASSED_OVER_KEPT } from '../../../fleet/decision.ts';
import { type FleetReading, type MemoryReading, readingOf } from '../../../fleet/registry.ts';
import type { Phase } from '../../../fleet/status.ts';
import { isRefused } from '../../watch/refusal.ts';
import { leastServing } from './last-serving.ts';
import { memorySchema, type PolicyMemory, REMEMBER_MS, SILENT_MS } from './memory.ts';
import type { GroupCause, TerminationRequest } from './request.ts';

/** All that a decision is made from. */
export interface PolicyWorld {
  request: TerminationRequest;
  fleet: FleetReading;
  memory: MemoryReading;
  now: number;
}

export interface PolicyPlan {
  /** One for each victim; a victim goes only once its decision is written. */
  decisions: Decision[];
  passedOver: Choice['passedOver'];
  /** Nobody may go, whatever is under way, and for whatever reason. */
  refused: boolean;
  drainsUnderWay: number;
  /** To be written before the answer; undefined where nothing is to be written. */
  memory: PolicyMemory | undefined;
  /** Why nobody at all may go now. */
  held: string | undefined;
}

/** Pure: who goes, why, and what is to be remembered of it. */
export function decide(
  { request, fleet, memory: reading, now }: PolicyWorld,
  settings: TerminationPolicySettings,
  createId: () => string,
): PolicyPlan {
  const memory = recall(reading);
  const machines = new Set(request.machines.map(({ node }) => node));
  const decided = memory.kind === 'known' ? memory.decided : [];
  const remembered = decided.filter((each) => mayBeUnderWay(each, fleet, request, now));
  const underWay = drainsUnderWay(fleet, remembered, machines);
  const held = whyHeld(request.cause, fleet, memory);
  if (held !== undefined) {
    const passedOver = request.machines.map(({ node }) => ({ node, reason: held }));
    // Memory that makes no sense is begun anew, as if something had been decided just now.
    const anew: PolicyMemory = { v: 1, lastDecisionAt: new Date(now).toISOString(), decided: [] };
    const written = memory.kind === 'corrupt' ? anew : undefined;
    const drains = { drainsUnderWay: underWay.size, refused: underWay.size === 0 };
    return { decisions: [], passedOver, ...drains, memory: written, held };
  }

  const candidates: Candidate[] = request.machines.map((machine) => ({
    ...machine,
    reading: readingOf(fleet, machine.node),
  }));
  const lastDecisionAt = memory.kind === 'known' ? memory.lastDecisionAt : undefined;
  const alreadyChosen = new Set(remembered.map(({ node }) => node));
  const rules: ChoosingRules = {
    ...RULES_OF_CAUSE[request.cause],
    coolDownMs: request.cause === 'scale-in' ? settings.coolDownMs : 0,
    // The group keeps its own minimum of machines: it never asks for more than what is above it.
    minServing: leastServing(request, fleet, alreadyChosen),
    maxDrains: settings.maxDrains,
    drainsUnderWay: underWay.size,
    lastDecisionAt: lastDecisionAt === undefined ? undefined : Date.parse(lastDecisionAt),
    warmUpMs: settings.warmUpMs,
    currentTemplate: settings.currentTemplate,
    alreadyChosen,
  };
  const choice = chooseVictims(candidates, request.demands, rules, now);
  const { victims, passedOver } = choice;
  const decisions = victims.map(({ node, reason }): Decision => {
    const earlier = remembered.find((decided) => decided.node === node);
    return {
      v: 1,
      id: earlier?.id ?? createId(),
      node,
      pool: settings.pool,
      at: earlier?.at ?? new Date(now).toISOString(),
      by: 'termination-policy',
      cause: request.cause,
      intent: 'leave',
      reason,
      passedOver: passedOver.slice(0, PASSED_OVER_KEPT),
      ...(passedOver.length > PASSED_OVER_KEPT
        ? { passedOverMore: passedOver.length - PASSED_OVER_KEPT }
        : {}),
    };
  });
  const added = decisions.filter(({ node }) => !rules.alreadyChosen.has(node));
  return {
    decisions,
    passedOver,
    refused: isRefused(choice, underWay.size),
    drainsUnderWay: underWay.size,
    memory: added.length === 0 ? undefined : remember(remembered, added, now),
    held: undefined,
  };
}

/** The nodes whose last words are needed, should they be silent. */
export function decidedNodes(reading: MemoryReading): ReadonlySet<string> {
  const memory = recall(reading);
  return new Set(memory.kind === 'known' ? memory.decided.map(({ node }) => node) : []);
}

/** A refresh and a maximum lifetime replace every machine in the end, known or not; their calls are kept by the hook. */
const RULES_OF_CAUSE = {
  'scale-in': { unknown: 'only-known' },
  rebalance: { unknown: 'only-known' },
  'instance-refresh': { unknown: 'known-first' },
  'max-lifetime': { unknown: 'known-first' },
} as const satisfies Record<GroupCause, Pick<ChoosingRules, 'unknown'>>;

/** Whether a cause takes nobody of whom nothing is known. */
export function isOnlyKnown(cause: GroupCause): boolean {
  return RULES_OF_CAUSE[cause].unknown === 'only-known';
}

type Recalled =
  | { kind: 'known'; lastDecisionAt: string | undefined; decided: PolicyMemory['decided'] }
  | { kind: 'corrupt' | 'unknown'; reason: string };

function recall(reading: MemoryReading): Recalled {
  switch (reading.kind) {
    case 'none':
      return { kind: 'known', lastDecisionAt: undefined, decided: [] };
    case 'unknown':
    case 'corrupt':
      return reading;
    case 'found': {
      const parsed = v.safeParse(memorySchema, reading.memory);
      if (!parsed.success) return { kind: 'corrupt', reason: v.summarize(parsed.issues) };
      const { lastDecisionAt, decided } = parsed.output;
      return { kind: 'known', lastDecisionAt, decided };
    }
  }
}

/**
 * Decided, and not known to have gone or to have stayed. Only who is offered again is known to have stayed: whoever is
 * not, may have been taken, whichever zones the question names. Nor does its own word say otherwise: a node that cannot
 * hear its cloud goes on serving, and who is silent may be draining. Unknown is never gone.
 */
function mayBeUnderWay(
  { node, at }: PolicyMemory['decided'][number],
  fleet: FleetReading,
  { machines }: TerminationRequest,
  now: number,
): boolean {
  const sinceMs = now - Date.parse(at);
  if (sinceMs < REMEMBER_MS) return true;
  if (machines.some((offered) => offered.node === node)) return false;
  const reading = readingOf(fleet, node);
  switch (reading.kind) {
    case 'fresh':
      return mayLeave(reading.status.phase, sinceMs);
    case 'stale':
      return (
        reading.ageMs < SILENT_MS && reading.last?.phase !== 'empty' && reading.last?.phase !== 'leaving'
      );
    case 'missing':
      return sinceMs < SILENT_MS;
    case 'unreadable':
      return true;
  }
}

/** Whether a decided node that says this of itself may be on its way out. */
function mayLeave(phase: Phase, sinceMs: number): boolean {
  switch (phase) {
    case 'draining':
    case 'empty':
      return true;
    case 'leaving':
      return false;
    // It has not heard of it: as long as it may have been taken all the same.
    case 'booting':
    case 'warm':
    case 'serving':
    case 'cordoned':
      return sinceMs < SILENT_MS;
  }
}

function whyHeld(cause: GroupCause, fleet: FleetReading, memory: Recalled): string | undefined {
  if (memory.kind !== 'known') return `what was decided last is not known: ${memory.reason}`;
  if (!fleet.complete && isOnlyKnown(cause)) {
    // Drains beyond the end of what was read would not be counted.
    return `the registry was not read to its end: ${fleet.problem ?? 'unknown cause'}`;
  }
  return undefined;
}

/**
 * Nodes that are on their way out and still here: those that say so, those decided and not yet seen to drain, and
 * those that speak but could not be read and are not among the machines offered (a node in service would be).
 * A node that an operator empties to keep it is none of them.
 */
function drainsUnderWay(
  fleet: FleetReading,
  remembered: PolicyMemory['decided'],
  machines: ReadonlySet<string>,
): Set<string> {
  const underWay = new Set<string>();
  for (const { node } of remembered) {
    const reading = fleet.nodes.get(node);
    if (reading?.kind !== 'fresh' || reading.status.phase !== 'leaving') underWay.add(node);
  }
  for (const [node, reading] of fleet.nodes) {
    if (reading.kind === 'unreadable' && !machines.has(node)) underWay.add(node);
    if (reading.kind !== 'fresh') continue;
    const { phase, decision } = reading.status;
    const goes = phase === 'draining' || phase === 'empty';
    if (goes && decision?.intent !== 'maintenance') underWay.add(node);
  }
  return underWay;
}

function remember(remembered: PolicyMemory['decided'], added: Decision[], now: number): PolicyMemory {
  return {
    v: 1,
    lastDecisionAt: new Date(now).toISOString(),
    decided: [...remembered, ...added.map(({ node, id, at }) => ({ node, id, at }))],
  };
}

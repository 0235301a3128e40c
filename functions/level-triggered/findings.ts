import { describeDuration } from '../../fleet/duration.ts';
import { describeReading } from '../../fleet/node-reading.ts';
import type { Place } from '../../fleet/pool-machine.ts';
import type { FleetReading } from '../../fleet/registry.ts';
import { type Finding, whatOfGone, whatOfNode, whatOfRegistry, whatOfSilence } from '../watch/finding.ts';
import type { Recalled } from './memory.ts';
import { isLeftToPeople } from './removal.ts';
import type { PoolRules, PoolWorld, RecommendationReading, SeenMachine } from './world.ts';

/** What an operator should know of this run. `machines`: undefined where they could not be read. */
export function findingsOf(
  world: PoolWorld,
  machines: readonly SeenMachine[] | undefined,
  recalled: Recalled,
  rules: PoolRules,
): Finding[] {
  return [
    ...troubles(world, recalled),
    ...(machines ?? []).flatMap((machine) => [
      ...whatOfMachine(machine, world),
      ...whatOfNode(machine.node, machine.reading, world.now, rules.warnAfterMs),
    ]),
    ...(machines === undefined ? [] : whatOfGoneMachines(machines, world.fleet)),
  ];
}

const OFF: ReadonlySet<Place> = new Set(['stopped', 'stopped-unknown-since']);

/** A machine that is off has lost its calls as one that is gone. */
function whatOfGoneMachines(machines: readonly SeenMachine[], fleet: FleetReading): Finding[] {
  const byNode = new Map(machines.map((machine) => [machine.node, machine]));
  return whatOfGone(
    fleet,
    ({ node, machine }) => {
      const seen = byNode.get(node);
      return seen !== undefined && !OFF.has(seen.place) && seen.machine === (machine ?? seen.machine);
    },
    (node) => byNode.has(node),
  );
}

function troubles({ machines, recommendation, fleet, decisions }: PoolWorld, recalled: Recalled): Finding[] {
  const findings: Finding[] = [];
  if (machines.kind === 'unknown')
    findings.push({ level: 'error', name: 'machines-unknown', text: machines.reason });
  findings.push(...whatOfRecommendation(recommendation));
  findings.push(...whatOfRegistry(fleet));
  if (!decisions.complete) {
    const text = `the decisions were not read to their end: ${decisions.problem ?? 'unknown cause'}`;
    findings.push({ level: 'error', name: 'decisions-unknown', text });
  }
  if (recalled.kind !== 'known') {
    const what = recalled.kind === 'unknown' ? 'nobody is decided until it can be read' : 'it is begun anew';
    findings.push({ level: 'error', name: `memory-${recalled.kind}`, text: `${recalled.reason}: ${what}` });
  }
  return findings;
}

function whatOfRecommendation(recommendation: RecommendationReading): Finding[] {
  if (recommendation.kind === 'known') {
    const { cannotGrow: text } = recommendation;
    return text === undefined ? [] : [{ level: 'warn', name: 'cannot-grow', text }];
  }
  const { reason, trouble } = recommendation;
  const text = `${reason}: nobody is decided`;
  switch (trouble) {
    // Each minute may cost calls: somebody must hear of it.
    case 'cuts':
      return [{ level: 'error', name: 'scaling-cuts-calls', text }];
    case 'unread':
      return [{ level: 'error', name: 'recommendation-unknown', text }];
    case 'unfit':
      return [{ level: 'warn', name: 'recommendation-unknown', text }];
  }
}

function whatOfMachine(machine: SeenMachine, { decisions, now }: PoolWorld): Finding[] {
  const { node, place, state, decided, reading } = machine;
  const findings: Finding[] = [];
  // That the list was not read to its end is told once, above.
  if (decided.kind === 'unknown' && decisions.decisions.has(node))
    findings.push({ level: 'warn', name: 'decision-unknown', node, text: decided.reason });
  findings.push(...whatOfUnheard(machine, now));
  switch (place) {
    case 'in-group':
      if (!isComingUp(machine)) findings.push(...whatOfSilence(node, state, reading));
      findings.push(...whatOfIdle(machine, now));
      break;
    case 'leaving-group':
      findings.push(...whatOfSilence(node, state, reading));
      break;
    case 'outside':
      findings.push(...whatOfSilence(node, `outside of its group, ${state}`, reading));
      if (isLeftToPeople(machine))
        findings.push({ level: 'warn', name: 'outside-protected', node, text: keptText(machine) });
      break;
    case 'stopped':
    case 'stopped-unknown-since':
      if (isLeftToPeople(machine))
        findings.push({ level: 'warn', name: 'outside-stopped', node, text: keptText(machine) });
      break;
    case 'unsettled':
    case 'paused':
    case 'ending':
      break;
  }
  return findings;
}

/** Its boot script gives up by then. */
const COMING_UP_MS = 600_000;

/** A new machine has no agent yet: who would be called for that, would be called each time that a pool grows. */
export function isComingUp({ reading, ageMs = Number.NaN }: SeenMachine): boolean {
  return reading.kind === 'missing' && ageMs < COMING_UP_MS;
}

/** By then a node that speaks has taken up what was decided about it. */
const UNHEARD_MS = 120_000;

/** It speaks, and not of its decision: it counts as a drain, and does not drain. */
function whatOfUnheard({ node, place, reading, decided }: SeenMachine, now: number): Finding[] {
  if (reading.kind !== 'fresh' || decided.kind !== 'decided') return [];
  if (place !== 'in-group' && place !== 'leaving-group' && place !== 'outside') return [];
  const { phase, decision } = reading.status;
  const forMs = now - Date.parse(decided.decision.at);
  if (decision?.id === decided.decision.id || forMs <= UNHEARD_MS) return [];
  const text = `${phase}: it was decided ${describeDuration(forMs)} ago that it leaves, and it says nothing of that`;
  return [{ level: 'warn', name: 'unheard', node, text }];
}

/** Longer than an announced interruption takes to come. */
const EMPTY_EXPECTED_MS = 600_000;

/** It has made room for an end that has not come: it serves nobody, is paid for, and counts as a drain. */
function whatOfIdle({ node, reading, decided }: SeenMachine, now: number): Finding[] {
  if (reading.kind !== 'fresh' || decided.kind === 'decided') return [];
  const { phase, since, decision } = reading.status;
  if (phase !== 'empty' || decision?.intent === 'maintenance') return [];
  const emptyForMs = now - Date.parse(since);
  if (emptyForMs < EMPTY_EXPECTED_MS) return [];
  const text = `empty for ${describeDuration(emptyForMs)} in its group, and nobody ends it: resume it, or delete it`;
  return [{ level: 'warn', name: 'empty-kept', node, text }];
}

function keptText({ state, reading }: SeenMachine): string {
  return `outside of its group and kept, ${state}: ${describeReading(reading)}; end it yourself once nobody needs it`;
}

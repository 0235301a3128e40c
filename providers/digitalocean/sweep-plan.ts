import type { Decision } from '../../fleet/decision.ts';
import type { Droplet } from '../../fleet/digitalocean/droplet-schemas.ts';
import type { DecisionsReading, FleetReading, NodeReading } from '../../fleet/registry.ts';
import {
  hasDrainedFor,
  isKnownEmpty,
  knownOf,
  planForNothing,
  planMachines,
  type SweepPlan,
  type SweepRules,
  type SweptMachine,
} from '../sweep-plan.ts';
import type { OrchestratorState } from './swept-orchestrator.ts';

/** All that a sweep knows in one round. */
export interface SweepWorld {
  orchestrator: OrchestratorState;
  /** Since when this sweep has seen that nothing wakes it. */
  shutForMs: number;
  /** All with the pool's tag. */
  droplets: Droplet[];
  fleet: FleetReading;
  decisions: DecisionsReading;
}

export type SweepStep =
  /** From then on nothing makes droplets but a run that has begun already. */
  | { kind: 'shut-orchestrator' }
  /** Its agent drains it, which nobody else can. */
  | { kind: 'decide'; node: string; machine: string }
  | { kind: 'delete'; droplet: Droplet };

interface SweptDroplet extends SweptMachine {
  droplet: Droplet;
  machine: string;
  decision: Decision | undefined;
}

/** A run may begin a little after it was called, and its last droplet is listed a little after it was made. */
const SLACK_MS = 15_000;

/** Pure: what to do next so that no droplet is left, and none comes. */
export function planSweep(world: SweepWorld, rules: SweepRules): SweepPlan<SweepStep> {
  const { orchestrator, fleet } = world;
  const droplets = world.droplets.map((droplet) => see(droplet, world));
  if (orchestrator.kind === 'gone' && droplets.length === 0)
    return planForNothing(rules, fleet, speakingIn(fleet));
  // A droplet that goes before nothing wakes the orchestrator is one that it makes again.
  if (orchestrator.kind === 'awake') {
    const first: SweepStep[] = [{ kind: 'shut-orchestrator' }];
    return planMachines(droplets, { isOver, endNow: none, endWhenEmpty: none }, rules, { first });
  }
  const isLeft = !hasEnded(world);
  return planMachines(droplets, { isOver, endNow, endWhenEmpty }, rules, { isLeft });
}

const none = () => [];

/** What speaks against it that the pool is gone: another account's token sees nothing of it either. */
function speakingIn({ nodes }: FleetReading): string | undefined {
  const speaking = [...nodes].flatMap(([node, { kind }]) => (kind === 'fresh' ? [node] : []));
  if (speaking.length === 0) return undefined;
  return `nodes of it speak all the same: ${speaking.slice(0, 3).join(', ')}`;
}

/** No run of it can be under way any more. */
function hasEnded({ orchestrator, shutForMs }: SweepWorld): boolean {
  return orchestrator.kind === 'gone' || shutForMs >= orchestrator.runsMs + SLACK_MS;
}

function see(droplet: Droplet, world: SweepWorld): SweptDroplet {
  const { name: node, status: state } = droplet;
  const machine = String(droplet.id);
  return {
    droplet,
    node,
    machine,
    zone: droplet.region.slug,
    state,
    ...knownOf(node, (told) => told === machine, world, believed),
  };
}

/** All nodes write with one key: what one of them did not sign itself may be another's word. */
function believed(reading: NodeReading): NodeReading {
  if (reading.kind !== 'fresh' || reading.signature === 'right') return reading;
  const how = reading.signature === 'wrong' ? 'wrongly signed' : 'not signed';
  return { kind: 'unreadable', reason: `its status is ${how}` };
}

/** Nothing runs on it, and has not for a while: one that is restarted has spoken within that. */
function isOver({ droplet, reading }: SweptDroplet): boolean {
  return droplet.status === 'off' && (reading.kind === 'stale' || reading.kind === 'missing');
}

/** First the decision, so that its agent drains it; deleted once it says that it has drained, for that very decision. */
function endWhenEmpty(droplet: SweptDroplet): SweepStep[] {
  if (isOver(droplet)) return endNow(droplet);
  if (!isKnownEmpty(droplet)) return [];
  const { node, machine, decision } = droplet;
  if (decision === undefined) return [{ kind: 'decide', node, machine }];
  return hasDrainedFor(droplet, decision) ? endNow(droplet) : [];
}

function endNow({ droplet }: SweptDroplet): SweepStep[] {
  return [{ kind: 'delete', droplet }];
}

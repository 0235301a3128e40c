import { createRandom } from '../rehearsal/random.ts';
import type { ChaosCloud, NodeInWorld, Standing } from './cloud.ts';
import { applyCommon } from './common-steps.ts';
import { createDisturbance } from './disturbance.ts';
import { isAtRest, type NodeNow, wrongAtTheEnd } from './endings.ts';
import type { Happening, Told } from './happening.ts';
import { createInvariants } from './invariants.ts';
import { createMischiefs } from './mischiefs.ts';
import { createSender } from './network.ts';
import { boundsOf, type CommonPlan } from './plan.ts';
import { COMMON_FAULTS, type CommonStep, isCommon, type OwnStep } from './step.ts';
import { createVirtualTime } from './virtual-time.ts';

export interface Schedule<Plan, Own> {
  seed: number;
  plan: Plan;
  /** In order of their time. */
  steps: readonly (CommonStep | Own)[];
  /** By then every trouble is over, in ms since the world began. */
  calmAt: number;
}

/** All worlds begin in the same moment, so that the same seed gives the same trace. */
const BEGIN = Date.parse('2026-01-05T09:00:00Z');
/** After the last trouble, everything has to come to rest within so long. */
const REST_WITHIN_MS = 15 * 60_000;
const LOOK_EVERY_MS = 5_000;
/** A machine that is off is not ended at once: it may be about to start again. */
const LATEST_END_MS = 600_000;
const MOST_IN_A_MOMENT = 200;

/** Lives one schedule in virtual time, to its end or to the first thing that is wrong. */
export async function runSchedule<Plan extends CommonPlan, Own extends OwnStep>(
  cloud: ChaosCloud<Plan, Own>,
  schedule: Schedule<Plan, Own>,
): Promise<{ violation: string | undefined; history: Told[]; drains: number; virtualMs: number }> {
  const time = createVirtualTime(BEGIN);
  const bounds = boundsOf(schedule.plan);
  const invariants = createInvariants(bounds);
  const history: Told[] = [];
  const drainedByHand = new Set<string>();
  /** `isOff`: what is left of a machine is another thing to wait for than its drain. */
  const leavingSince = new Map<string, { since: number; isOff: boolean }>();
  const mischiefs = createMischiefs(time.now);
  const disturbance = createDisturbance(time.now);
  let violation: string | undefined;

  function tell(happening: Happening): void {
    const told: Told = { ...happening, at: time.now() - BEGIN };
    history.push(told);
    violation ??= invariants.note(told)[0] ?? endless(told);
    if (told.kind === 'asked-to-drain' && told.answer === 'accepted') drainedByHand.add(told.node);
    // A resume in doubt is carried out, and may not be remembered: neither is expected any more.
    if (told.kind === 'asked-to-resume' && told.answer !== 'refused') drainedByHand.delete(told.node);
  }

  /** Whoever goes on in one moment for ever would never let time pass. */
  function endless({ at, kind }: Told): string | undefined {
    const first = history.at(-MOST_IN_A_MOMENT);
    return first?.at === at
      ? `more than ${MOST_IN_A_MOMENT} things happened in one moment, the last: ${kind}`
      : undefined;
  }

  // Drawn apart from the schedule: leaving out a step must not change how all others come about.
  const random = createRandom(schedule.seed ^ 0x5eed);
  const world = cloud.create(schedule.plan, {
    clock: time,
    random,
    tell,
    isOver: () => violation !== undefined,
    senderOf: (caller, find) =>
      createSender({ clock: time, random, find, mischief: (way) => mischiefs.of(caller, way) }),
    wasDisturbed: disturbance.within,
  });
  for (const step of schedule.steps) {
    time.after(step.at, () => {
      const { at: _, ...what } = step;
      tell({ kind: 'step', text: JSON.stringify(what) });
      if (isFault(step)) disturbance.note(step);
      if (isCommon(step)) applyCommon(step, world.nodes(), mischiefs, tell);
      else world.apply(step);
    });
  }

  function isFault({ kind }: CommonStep | Own): boolean {
    return COMMON_FAULTS.includes(kind) || cloud.faults.includes(kind);
  }

  function nodeNow({ node, standing }: NodeInWorld): NodeNow {
    const agent = node.agent();
    return {
      id: node.id,
      standing,
      on: node.isOn(),
      durable: agent?.durable(),
      alarms: (agent?.status().alarms ?? []).map(({ name }) => name),
      drainedByHand: drainedByHand.has(node.id),
    };
  }

  /** Undefined: whoever stands so may do so for ever. */
  function overdueAfterMs(standing: Standing): number | undefined {
    switch (standing) {
      case 'in':
      case 'gone':
        return undefined;
      case 'leaving':
      case 'kept':
        return bounds.warnAfterMs + cloud.noticesWithinMs;
      case 'stopped':
        return LATEST_END_MS;
    }
  }

  /** Every drain ends, or an alarm says why: not only in the end. */
  function lookForForgotten(): void {
    const now = time.now();
    for (const each of world.nodes()) {
      const { node, standing } = each;
      const limitMs = overdueAfterMs(standing);
      const isOff = standing === 'stopped';
      const before = leavingSince.get(node.id);
      // Whoever was told of it looks for himself; once nobody is told any more, it has to go on.
      const isTold = nodeNow(each).alarms.length > 0 || world.alarms().length > 0;
      if (limitMs === undefined || isTold) {
        leavingSince.delete(node.id);
        continue;
      }
      const since = before !== undefined && before.isOff === isOff ? before.since : now;
      leavingSince.set(node.id, { since, isOff });
      if (now - since < limitMs) continue;
      violation ??= `${node.id} has been ${standing} for ${Math.round((now - since) / 1000)} s, and no alarm has said why`;
    }
    time.after(LOOK_EVERY_MS, lookForForgotten);
  }
  lookForForgotten();

  await time.run(BEGIN + schedule.calmAt, () => violation !== undefined);
  const restBy = BEGIN + schedule.calmAt + REST_WITHIN_MS;
  const isAllAtRest = () => world.nodes().map(nodeNow).every(isAtRest) && world.unsettled?.() === undefined;
  while (violation === undefined && time.now() < restBy && !isAllAtRest())
    await time.run(Math.min(restBy, time.now() + LOOK_EVERY_MS), () => violation !== undefined);
  violation ??= world.nodes().flatMap((each) => wrongAtTheEnd(nodeNow(each), world.alarms()))[0];
  if (world.alarms().length === 0) violation ??= world.unsettled?.();
  return {
    violation,
    history,
    drains: history.filter(({ kind }) => kind === 'wanted').length,
    virtualMs: time.now() - BEGIN,
  };
}

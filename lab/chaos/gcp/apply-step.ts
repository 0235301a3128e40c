import type { Clock } from '../../../fleet/clock.ts';
import { PROTECTED_KEY } from '../../../fleet/protection.ts';
import type { createHands } from '../../gcp/hands.ts';
import type { Objects } from '../../gcp/objects.ts';
import type { NodeInWorld } from '../cloud.ts';
import { type Schedule, wakeAgainAndAgain } from '../schedule.ts';
import type { Which } from '../step.ts';
import { memberMeant } from '../which.ts';
import type { CloudRun } from './cloud-run.ts';
import type { Member, Members } from './machines.ts';
import { BUCKET } from './model.ts';
import type { Outages } from './services.ts';
import type { GcpStep } from './step.ts';
import type { Wish } from './wish.ts';

export interface Reach {
  clock: Clock;
  members: Members;
  hands: ReturnType<typeof createHands>;
  wish: Wish;
  outages: Outages;
  cloudRun: CloudRun;
  schedule: Schedule;
  objects: Objects;
  nodes(): readonly NodeInWorld[];
}

type OfNode = Extract<GcpStep, { node: Which }>;

/** Carries out what can happen on GCP only. What concerns a machine that is gone, or was never there, is nothing. */
export function applyGcpStep(step: GcpStep, reach: Reach): void {
  const { clock, wish, outages, cloudRun, schedule } = reach;
  const until = (forMs: number) => clock.now() + forMs;
  switch (step.kind) {
    case 'recommend':
      wish.recommend(step.to);
      return;
    case 'no-recommendation':
      wish.sayNothing(step.word, step.forMs);
      return;
    case 'pruner-twice':
      cloudRun.twiceUntil = until(step.forMs);
      return;
    case 'kill-pruner':
      cloudRun.killAt(step);
      return;
    case 'woken':
      wakeAgainAndAgain(clock, step, () => void cloudRun.wake());
      return;
    case 'wake-refused':
      cloudRun.refusedUntil = until(step.forMs);
      return;
    case 'scheduler-silent':
      schedule.silentUntil = until(step.forMs);
      return;
    case 'scheduler-late':
      schedule.lateUntil = until(step.forMs);
      schedule.lateMs = step.byMs;
      return;
    case 'quota':
      outages.quotaUntil = until(step.forMs);
      return;
    case 'rate-limited':
      outages.rateLimitedUntil = until(step.forMs);
      return;
    case 'store-gone':
      outages.storeGoneUntil = until(step.forMs);
      return;
    default: {
      const member = memberMeant(step.node, reach.nodes(), reach.members.all());
      if (member !== undefined && member.instance.stoppedAt === undefined)
        applyToMachine(step, member, reach);
    }
  }
}

function applyToMachine(step: OfNode, { instance, node }: Member, { clock, hands, objects }: Reach): void {
  const { name } = instance;
  const isSettled = instance.action === 'NONE';
  switch (step.kind) {
    case 'repaired':
      if (isSettled) hands.repair(name);
      return;
    case 'abandoned':
      if (isSettled) hands.abandon(name);
      return;
    case 'restarted':
      if (instance.status !== 'RUNNING') return;
      instance.status = 'TERMINATED';
      instance.lastStop = clock.now();
      node.suffer({ ...step, kind: 'reboot' });
      clock.after(step.downMs, () => {
        // Unless it was deleted, or has died, meanwhile.
        if (instance.status === 'TERMINATED' && instance.stoppedAt === undefined) instance.status = 'RUNNING';
      });
      return;
    case 'preempted':
      // Google takes a machine back once.
      if (!instance.preempted) hands.preempt(name);
      return;
    case 'host-maintenance':
      if (instance.maintenance === 'NONE')
        hands.maintain(name, step.ends ? 'TERMINATE_ON_HOST_MAINTENANCE' : 'MIGRATE_ON_HOST_MAINTENANCE');
      return;
    case 'machine-dies':
      void hands.crash(name);
      return;
    case 'protected':
      instance.labels = { ...instance.labels, [PROTECTED_KEY]: 'true' };
      clock.after(step.forMs, () => {
        const { [PROTECTED_KEY]: _, ...labels } = instance.labels;
        instance.labels = labels;
      });
      return;
    case 'decision-garbled': {
      const key = `decisions/${name}.json`;
      // There has to be one.
      if (objects.get(BUCKET, key) !== undefined) objects.put(BUCKET, key, Buffer.from('{"v":1,'));
      return;
    }
  }
}

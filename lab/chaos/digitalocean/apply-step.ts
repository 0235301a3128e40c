import type { Clock } from '../../../fleet/clock.ts';
import { decisionTag, markInTags, PROTECTED_TAG } from '../../../fleet/digitalocean/tags.ts';
import type { Droplet } from '../../digitalocean/droplets/droplet.ts';
import type { TagBook } from '../../digitalocean/droplets/tag-book.ts';
import type { NodeInWorld } from '../cloud.ts';
import type { Hearsay } from '../hearsay.ts';
import type { Load } from '../load.ts';
import { type Schedule, wakeAgainAndAgain } from '../schedule.ts';
import type { Which } from '../step.ts';
import { memberMeant } from '../which.ts';
import type { Forger } from './forger.ts';
import type { Functions } from './functions.ts';
import type { Member, Members } from './machines.ts';
import { BUCKETS, DRAINING_TAG, MEMORY_KEYS, POOL_TAG } from './model.ts';
import type { Pool } from './pool.ts';
import type { Outages } from './services.ts';
import type { StaleLists } from './stale-lists.ts';
import type { DigitalOceanStep, TakenTag } from './step.ts';

export interface Reach {
  clock: Clock;
  members: Members;
  pool: Pool;
  tags: TagBook;
  load: Load;
  outages: Outages;
  functions: Functions;
  schedule: Schedule;
  lists: StaleLists;
  forger: Forger;
  hearsay: Hearsay<Droplet>;
  nodes(): readonly NodeInWorld[];
  own: { tamperedAt: number; accountFullUntil: number };
}

type OfNode = Extract<DigitalOceanStep, { node: Which }>;
const FORGED_EVERY_MS = 2_000;

/** Carries out what can happen on DigitalOcean only. What concerns a droplet that is gone, or was never there, is nothing. */
export function applyDigitalOceanStep(step: DigitalOceanStep, reach: Reach): void {
  const { clock, members, pool, load, outages, functions, schedule, lists, own } = reach;
  const until = (forMs: number) => clock.now() + forMs;
  switch (step.kind) {
    case 'load':
      load.need(step.needs);
      return;
    case 'kill-run':
      functions.killAt(step);
      return;
    case 'runs-twice':
      functions.twiceUntil = until(step.forMs);
      return;
    case 'woken':
      wakeAgainAndAgain(clock, step, () => void functions.wake());
      return;
    case 'wake-refused':
      functions.refusedUntil = until(step.forMs);
      return;
    case 'trigger-lost':
      schedule.silentUntil = until(step.forMs);
      return;
    case 'trigger-late':
      schedule.lateUntil = until(step.forMs);
      schedule.lateMs = step.byMs;
      return;
    case 'run-skewed':
      functions.skewedUntil = until(step.forMs);
      functions.skewMs = step.byMs;
      return;
    case 'rate-limited':
      outages.limited = { left: step.after, until: until(step.forMs), tells: step.tells };
      return;
    case 'account-full':
      own.accountFullUntil = until(step.forMs);
      return;
    case 'birth-unsure':
      outages.unsureBirths = { times: step.times, made: step.made };
      return;
    case 'born-untagged':
      pool.untaggedUntil = until(step.forMs);
      return;
    case 'held-new':
      pool.holdNew(true);
      clock.after(step.forMs, () => pool.holdNew(false));
      return;
    case 'never-up':
      members.deaf += step.times;
      return;
    case 'tags-half':
      outages.halfTags += step.times;
      return;
    case 'store-gone':
      outages.storeGoneUntil = until(step.forMs);
      return;
    case 'store-slow':
      outages.storeSlowUntil = until(step.forMs);
      outages.storeSlowMs = step.byMs;
      return;
    case 'stale-lists':
      lists.until = until(step.forMs);
      lists.byMs = step.byMs;
      return;
    case 'memory-lost':
    case 'memory-garbled': {
      const key = MEMORY_KEYS[step.what];
      own.tamperedAt = clock.now();
      if (step.kind === 'memory-lost') lists.objects.remove(BUCKETS.memory, key);
      else garble(reach, BUCKETS.memory, key);
      return;
    }
    default: {
      const member = memberMeant(step.node, reach.nodes(), members.all());
      if (member !== undefined && !member.droplet.isGone && member.droplet.stoppedAt === undefined)
        applyToDroplet(step, member, reach);
    }
  }
}

function applyToDroplet(step: OfNode, member: Member, reach: Reach): void {
  const { clock, pool, tags, forger, hearsay, lists, own } = reach;
  const { droplet, node } = member;
  const { name } = droplet;
  switch (step.kind) {
    case 'decision-garbled':
      garble(reach, BUCKETS.code, `decisions/${name}.json`);
      return;
    case 'decision-lost':
      lists.objects.remove(BUCKETS.code, `decisions/${name}.json`);
      return;
    case 'status-lost':
      own.tamperedAt = clock.now();
      lists.objects.remove(BUCKETS.statuses, `statuses/${name}.json`);
      return;
    case 'forged':
      for (let inMs = 0; inMs < step.forMs; inMs += FORGED_EVERY_MS)
        clock.after(inMs, () => {
          own.tamperedAt = clock.now();
          forger.forge(member, step.how);
        });
      return;
    case 'tag-taken': {
      const taken = tagOf(step.tag, droplet);
      pool.byHand(() =>
        pool.setTags(
          droplet,
          droplet.tags.filter((tag) => tag !== taken),
        ),
      );
      return;
    }
    case 'tag-given':
      pool.byHand(() => pool.setTags(droplet, [...new Set([...droplet.tags, DRAINING_TAG])]));
      return;
    case 'protected':
      pool.byHand(() => pool.setTags(droplet, [...droplet.tags, tags.make(PROTECTED_TAG)]));
      hearsay.protect(droplet, true);
      clock.after(step.forMs, () => {
        pool.byHand(() =>
          pool.setTags(
            droplet,
            droplet.tags.filter((tag) => tag !== PROTECTED_TAG),
          ),
        );
        hearsay.protect(droplet, false);
      });
      return;
    case 'deleted-by-person':
      pool.byHand(() => pool.delete(droplet, 'deleted by a person'));
      return;
    case 'machine-dies':
      void pool.powerOff(droplet, 'it has crashed');
      return;
    case 'restarted':
      if (droplet.status !== 'active') return;
      droplet.status = 'off';
      node.suffer({ ...step, kind: 'reboot' });
      clock.after(step.downMs, () => {
        // Unless it has died meanwhile.
        if (droplet.status === 'off' && droplet.stoppedAt === undefined) droplet.status = 'active';
      });
      return;
  }
}

function tagOf(tag: TakenTag, { tags }: Droplet): string {
  switch (tag) {
    case 'draining':
      return DRAINING_TAG;
    case 'decision':
      return decisionTag(markInTags(tags) ?? '');
    case 'pool':
      return POOL_TAG;
  }
}

/** There has to be one. */
function garble({ lists }: Reach, bucket: string, key: string): void {
  if (lists.objects.get(bucket, key) !== undefined) lists.objects.put(bucket, key, Buffer.from('{"v":1,'));
}

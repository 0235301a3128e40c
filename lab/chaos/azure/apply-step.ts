import type { Clock } from '../../../fleet/clock.ts';
import { PROTECTED_KEY } from '../../../fleet/protection.ts';
import type { Blobs } from '../../azure/blobs.ts';
import type { Instance } from '../../azure/compute/instance.ts';
import type { Machines } from '../../azure/compute/machines.ts';
import type { RunningScaleSet } from '../../azure/compute/scale-set.ts';
import type { createHands } from '../../azure/hands.ts';
import type { NodeInWorld } from '../cloud.ts';
import type { Hearsay } from '../hearsay.ts';
import type { Load } from '../load.ts';
import type { Which } from '../step.ts';
import { memberMeant } from '../which.ts';
import type { VirtualJobs } from './jobs.ts';
import type { Member, Members } from './machines.ts';
import { ACCOUNT, MEMORY } from './model.ts';
import type { Rights } from './rights.ts';
import type { Outages } from './services.ts';
import type { AzureStep } from './step.ts';
import type { Waking } from './waking.ts';

export interface Reach {
  clock: Clock;
  members: Members;
  machines: Machines;
  set: RunningScaleSet;
  hands: ReturnType<typeof createHands>;
  load: Load;
  outages: Outages;
  rights: Rights;
  jobs: VirtualJobs;
  waking: Waking;
  blobs: Blobs;
  hearsay: Hearsay<Instance>;
  /** A machine whose disk was made anew has to hear again that it is to go. */
  renewed(member: Member): void;
  nodes(): readonly NodeInWorld[];
  /** Who was counted does not serve any more. */
  lost(): void;
}

type OfNode = Extract<AzureStep, { node: Which }>;
const REIMAGED_MS = 20_000;
const FOREIGN_LEASE = '99999999-8888-4777-a666-555555555555';

/** Carries out what can happen on Azure only. What concerns a machine that is gone, or was never there, is nothing. */
export function applyAzureStep(step: AzureStep, reach: Reach): void {
  const { clock, load, outages, rights, jobs, waking, set, blobs } = reach;
  const until = (forMs: number) => clock.now() + forMs;
  switch (step.kind) {
    case 'load':
      load.need(step.needs);
      return;
    case 'grow':
      set.resize(set.capacity() + 1, 'autoscale', 'the load is high');
      return;
    case 'scaled-in':
      scaleIn(set);
      return;
    case 'alert-storm':
      waking.storm(step.times, step.everyMs);
      return;
    case 'nothing-wakes':
      waking.silentUntil = until(step.forMs);
      return;
    case 'jobs-twice':
      jobs.twiceUntil = until(step.forMs);
      return;
    case 'kill-job':
      jobs.killAt(step);
      return;
    case 'suspend-job':
      jobs.suspendAt({ ...step, when: 'after' }, step.forMs);
      return;
    case 'wake-refused':
      outages.wakeRefusedUntil = until(step.forMs);
      return;
    case 'roles-unheard':
      rights.withhold(step.whose, until(step.forMs));
      return;
    case 'lock-taken': {
      const blob = blobs.get(ACCOUNT, MEMORY.container, MEMORY.name);
      // There has to be one, and a lease is not taken from who has it.
      if (blob === undefined || (blob.lease !== undefined && blob.lease.until > clock.now())) return;
      blob.lease = { id: FOREIGN_LEASE, durationMs: step.forMs, until: until(step.forMs) };
      return;
    }
    case 'memory-garbled':
      garble(blobs, MEMORY.container, MEMORY.name);
      return;
    case 'store-gone':
      outages.storeGoneUntil = until(step.forMs);
      return;
    case 'store-slow':
      outages.storeSlowUntil = until(step.forMs);
      outages.storeSlowMs = step.byMs;
      return;
    case 'rate-limited':
      outages.rateLimitedUntil = until(step.forMs);
      return;
    case 'operations-fail':
      outages.operationsFailUntil = until(step.forMs);
      return;
    default: {
      const member = memberMeant(step.node, reach.nodes(), reach.members.all());
      if (member !== undefined && reach.members.isLatest(member) && member.instance.stoppedAt === undefined)
        applyToMachine(step, member, reach);
    }
  }
}

function applyToMachine(step: OfNode, member: Member, reach: Reach): void {
  const { clock, hands, blobs, members, machines, set } = reach;
  const { instance, node } = member;
  const { name } = instance;
  const isSettled = instance.provisioning === 'Succeeded';
  switch (step.kind) {
    case 'deleted-by-person':
      hands.deleteInstance(name);
      return;
    case 'protection-lost':
      hands.loseProtection(name);
      return;
    case 'evicted':
      if (isSettled) hands.evict(name);
      return;
    case 'maintained': {
      const { events } = set;
      void events
        .schedule(
          { type: step.event, resources: [name], source: 'Platform', description: 'maintenance of its host' },
          step.afterMs,
        )
        .then(() => {
          events.end(name);
          if (step.event !== 'Freeze') node.suffer({ at: step.at, kind: 'reboot', node: 0, downMs: 20_000 });
        });
      return;
    }
    case 'machine-dies':
      void hands.crash(name);
      return;
    case 'restarted':
      if (instance.power !== 'running') return;
      instance.power = 'stopped';
      reach.lost();
      node.suffer({ ...step, kind: 'reboot' });
      clock.after(step.downMs, () => {
        // Unless it was deleted, or has died, meanwhile.
        if (instance.stoppedAt === undefined) instance.power = 'running';
      });
      return;
    case 'reimaged':
      if (!isSettled) return;
      if (step.as === 'another') replace(member, machines, members);
      else {
        instance.provisioning = 'Updating';
        node.powerOff(true);
        clock.after(REIMAGED_MS, () => {
          if (instance.provisioning !== 'Updating' || instance.stoppedAt !== undefined) return;
          instance.provisioning = 'Succeeded';
          reach.renewed(members.renew(instance));
        });
      }
      return;
    case 'protected':
      setTag(member, { ...instance.tags, [PROTECTED_KEY]: 'true' });
      reach.hearsay.protect(instance, true);
      clock.after(step.forMs, () => {
        const { [PROTECTED_KEY]: _, ...tags } = instance.tags;
        setTag(member, tags);
        reach.hearsay.protect(instance, false);
      });
      return;
    case 'decision-garbled':
      garble(blobs, 'decisions', `${name}.json`);
      return;
  }
}

/** What nothing protects goes; Azure refuses where all are. */
function scaleIn(set: RunningScaleSet): void {
  try {
    set.resize(set.capacity() - 1, 'rule', 'somebody has added a rule');
  } catch {
    // As it should be.
  }
}

/** Under the same name and number there is another machine. */
function replace({ instance }: Member, machines: Machines, members: Members): void {
  const { id, zone, set, name } = instance;
  const earlier = members.all().filter((member) => member.instance.name === name).length;
  void machines.powerOff(instance, 'stopped', 'made anew');
  instance.isGone = true;
  machines.launch({ id, zone, set, earlier }, 'made anew');
}

function setTag({ instance }: Member, tags: Readonly<Record<string, string>>): void {
  instance.tags = tags;
  instance.version += 1;
}

/** There has to be one. */
function garble(blobs: Blobs, container: string, name: string): void {
  if (blobs.get(ACCOUNT, container, name) !== undefined)
    blobs.put(ACCOUNT, container, name, Buffer.from('{"v":1,'));
}

import * as v from 'valibot';
import { connect } from '../../../node-agent/clouds/connect.ts';
import type { Instance } from '../../azure/compute/instance.ts';
import type { ScheduledEvents } from '../../azure/compute/scheduled-events.ts';
import type { ImdsOptions } from '../../azure/imds/service.ts';
import type { Machine } from '../../machine.ts';
import { agentSettingsOf } from '../agent-settings.ts';
import type { WorldKit } from '../cloud.ts';
import type { Happening } from '../happening.ts';
import type { Load } from '../load.ts';
import { metricsPageOf } from '../metrics-page.ts';
import type { Destination } from '../network.ts';
import { createVirtualNode, type VirtualNode } from '../node.ts';
import { releaseOf } from '../released.ts';
import { ENDPOINT, ENVIRONMENT, IMDS_HOST, STORE, WAKE_URL, WAKE_URL_KEY } from './model.ts';
import type { AzurePlan } from './plan.ts';
import { type AzureFault, imdsDestination } from './services.ts';

const BOOT_MS = 4_000;
/** A preemption is half a minute away when it is told: to ask less often would be to hear of it too late. */
const SPOT_MS = 20_000;
/** Each look into a mailbox costs several times what a look at metadata does. */
const NOTICE_MS = 5_000;
/** Of a machine that serves nobody. */
const IDLE_CPU = 0.02;

/** An instance, and the machine in memory behind it, until its disk is made anew. */
export interface Member {
  instance: Instance;
  node: VirtualNode;
}

export interface Members {
  /** In order of launch. */
  all(): readonly Member[];
  /** Whether it is what its instance is now. */
  isLatest(member: Member): boolean;
  of(instance: Instance): Member | undefined;
  /** The latest of that name. */
  named(name: string): Member | undefined;
  /** As the set starts an instance: its machine boots after a while. */
  start(instance: Instance, booted: () => void): Promise<Machine>;
  /** The same instance, with a disk on which nothing is yet. */
  renew(instance: Instance): Member;
  /** The runbook deletes it: whatever is on it when it ends is lost by that. */
  giveUp(instance: Instance): void;
}

export interface MembersOptions {
  plan: AzurePlan;
  kit: WorldKit;
  load: Load;
  fault: AzureFault;
  imds: Omit<ImdsOptions, 'events'>;
  events(): ScheduledEvents;
  /** By its status, as it is in the store. */
  saysEmpty(instance: Instance): boolean;
  /** Who answers on Azure's own address. */
  service(url: URL): Destination;
}

const ENDS: readonly string[] = ['Terminate', 'Preempt'];
const decidedFor = v.object({
  kind: v.literal('agent-says'),
  event: v.literal('drain-decided'),
  fields: v.object({ decision: v.object({ by: v.picklist(['spot-interruption', 'termination']) }) }),
});

/** It drains because Azure is about to end it, as it has heard. */
function isForAnEnd(happening: Happening): boolean {
  return v.is(decidedFor, happening);
}

export function createMembers(options: MembersOptions): Members {
  const { plan, kit, load, fault, service } = options;
  const { clock, tell, isOver } = kit;
  const members: Member[] = [];
  const givenUp = new Set<Instance>();

  const of = (instance: Instance) => members.findLast((member) => member.instance === instance);
  const isOpen = ({ node }: Member) => node.unit.life()?.draining === false;

  /** A name may come again: whoever checks what happens to a machine must tell it from the earlier ones of its name. */
  function idOf({ name }: Instance): string {
    const earlier = members.filter(({ instance }) => instance.name === name).length;
    return earlier === 0 ? name : `${name}#${earlier + 1}`;
  }

  function cpuOf(member: Member): number {
    return isOpen(member) ? load.shareOf(members.filter(isOpen).length) : IDLE_CPU;
  }

  function add(instance: Instance): Member {
    const imds = imdsDestination(instance, fault, {
      ...options.imds,
      events: () => watched(options.events(), () => member.node),
    });
    const metrics = metricsPageOf(() => member.node);
    const node: VirtualNode = createVirtualNode({
      id: idOf(instance),
      config: agentSettingsOf(plan, {
        cloud: { kind: 'azure', runbook: { wakeUrlKey: WAKE_URL_KEY } },
        registry: { kind: 'bucket', bucket: STORE, statusName: instance.name },
        noticeMs: NOTICE_MS,
        spotMs: SPOT_MS,
      }),
      clock,
      tell(happening) {
        tell(happening);
        if (isForAnEnd(happening) && !isEndAhead(instance))
          tell({
            kind: 'wanted',
            node: node.id,
            chosen: false,
            unfounded: 'no end is ahead of it',
            why: 'its agent says so',
          });
      },
      isOver,
      hasMediaRegistry: plan.hasMediaRegistry,
      cpu: () => cpuOf(member),
      connect: (config, network) => connect(config, ENVIRONMENT, network),
      send: kit.senderOf(members.length, (url) => {
        if (url.href === WAKE_URL) return wakeBy(member);
        if (url.origin === ENDPOINT) return service(url);
        return url.host === IMDS_HOST ? imds : metrics;
      }),
    });
    const member: Member = { instance, node };
    members.push(member);
    tell({ kind: 'launched', node: node.id });
    return member;
  }

  /** Whoever lets an event begin before its time gives the machine back. */
  function watched(events: ScheduledEvents, nodeOf: () => VirtualNode): ScheduledEvents {
    return {
      ...events,
      approve(id) {
        const event = events.all().find((each) => each.id === id);
        // Its time is told in whole seconds.
        const due = Math.floor(options.imds.realTime(event?.notBefore ?? 0) / 1_000) * 1_000;
        const isEarly = event?.status === 'Scheduled' && clock.now() < due;
        if (isEarly) tell(releaseOf(nodeOf()));
        return events.approve(id);
      },
    };
  }

  function isEndAhead({ name }: Instance): boolean {
    return options
      .events()
      .all()
      .some(({ type, resources }) => ENDS.includes(type) && resources.includes(name));
  }

  function wakeBy({ instance, node }: Member): Destination {
    const workflow = service(new URL(WAKE_URL));
    return {
      ...workflow,
      answer(request, wanted) {
        tell({ kind: 'woken', node: node.id, saidEmpty: options.saysEmpty(instance) });
        return workflow.answer(request, wanted);
      },
    };
  }

  function machineOf(member: Member): Machine {
    const { instance, node } = member;
    return {
      id: instance.name,
      boot: async () => undefined,
      cpu: () => 100 * cpuOf(member),
      // Only what the runbook deletes is ended by us: all else is taken by a person, by Azure, or by chance.
      terminate: async () => node.powerOff(!givenUp.has(instance)),
    };
  }

  function bootLater(member: Member, booted: () => void): void {
    clock.after(BOOT_MS, () => {
      if (member.instance.stoppedAt !== undefined || of(member.instance) !== member) return;
      member.node.boot();
      booted();
    });
  }

  return {
    all: () => members,
    of,
    isLatest: (member) => of(member.instance) === member,
    named: (name) => members.findLast(({ instance }) => instance.name === name),
    async start(instance, booted) {
      const member = add(instance);
      bootLater(member, booted);
      return machineOf(member);
    },
    renew(instance) {
      const member = add(instance);
      instance.machine = machineOf(member);
      bootLater(member, () => undefined);
      return member;
    },
    giveUp(instance) {
      givenUp.add(instance);
      const member = of(instance);
      if (member !== undefined) tell(releaseOf(member.node));
    },
  };
}

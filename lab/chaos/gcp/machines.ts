import { connect } from '../../../node-agent/clouds/connect.ts';
import type { Instance } from '../../gcp/compute/instance.ts';
import { machineSource, type SourceOptions } from '../../gcp/metadata/sources.ts';
import type { Machine } from '../../machine.ts';
import { agentSettingsOf } from '../agent-settings.ts';
import type { WorldKit } from '../cloud.ts';
import { metricsPageOf } from '../metrics-page.ts';
import type { Destination } from '../network.ts';
import { createVirtualNode, type VirtualNode } from '../node.ts';
import { BUCKET, ENVIRONMENT, GCP_ENDPOINT, METADATA_HOST, PRUNER_URL } from './model.ts';
import type { GcpPlan } from './plan.ts';
import { type GcpFault, metadataDestination } from './services.ts';

const BOOT_MS = 4_000;
/** A preemption is half a minute away when it is told: to ask less often would be to hear of it too late. */
const SPOT_MS = 20_000;
/** Each look into a mailbox costs several times what a look at metadata does. */
const NOTICE_MS = 5_000;

/** An instance, and the machine in memory behind it. */
export interface Member {
  instance: Instance;
  node: VirtualNode;
}

export interface Members {
  /** In order of launch. */
  all(): readonly Member[];
  /** The latest of that name. */
  named(name: string): Member | undefined;
  /** As the group starts an instance: its machine boots after a while. */
  start(instance: Instance, booted: () => void): Promise<Machine>;
}

export interface MembersOptions {
  plan: GcpPlan;
  kit: WorldKit;
  sources: SourceOptions;
  fault: GcpFault;
  /** Who answers on Google's own address. */
  service(url: URL): Destination;
  pruner: Destination;
}

export function createMembers({ plan, kit, sources, fault, service, pruner }: MembersOptions): Members {
  const { clock, tell, isOver } = kit;
  const members: Member[] = [];

  /** A name may come again: whoever checks what happens to a machine must tell it from the earlier ones of its name. */
  function idOf({ name }: Instance): string {
    const earlier = members.filter(({ instance }) => instance.name === name).length;
    return earlier === 0 ? name : `${name}#${earlier + 1}`;
  }

  function nodeOf(instance: Instance): VirtualNode {
    const metadata = metadataDestination(machineSource(instance, sources), fault, clock);
    const metrics = metricsPageOf(() => node);
    const node: VirtualNode = createVirtualNode({
      id: idOf(instance),
      config: agentSettingsOf(plan, {
        cloud: { kind: 'gcp', pruner: { url: PRUNER_URL } },
        registry: { kind: 'bucket', bucket: BUCKET, statusName: instance.name },
        noticeMs: NOTICE_MS,
        spotMs: SPOT_MS,
      }),
      clock,
      tell,
      isOver,
      hasMediaRegistry: plan.hasMediaRegistry,
      connect: (config, network) => connect(config, ENVIRONMENT, network),
      send: kit.senderOf(members.length, (url) => {
        if (url.origin === GCP_ENDPOINT) return service(url);
        if (url.origin === PRUNER_URL) return pruner;
        return url.host === METADATA_HOST ? metadata : metrics;
      }),
    });
    return node;
  }

  return {
    all: () => members,
    named: (name) => members.findLast(({ instance }) => instance.name === name),
    async start(instance, booted) {
      const node = nodeOf(instance);
      members.push({ instance, node });
      tell({ kind: 'launched', node: node.id });
      clock.after(BOOT_MS, () => {
        if (instance.stoppedAt !== undefined) return;
        node.boot();
        booted();
      });
      return {
        id: instance.name,
        boot: async () => undefined,
        cpu: () => 0,
        // Only what was told to stop is ended by us: all else is taken by Google, or by chance.
        terminate: async () => node.powerOff(instance.status !== 'STOPPING'),
      };
    },
  };
}

import { connect } from '../../../node-agent/clouds/connect.ts';
import type { AwsFaulty } from '../../aws/aws-twin.ts';
import { createMetadataService } from '../../aws/imds.ts';
import type { Instance } from '../../aws/instance.ts';
import { metadataOf } from '../../aws/instance-metadata.ts';
import type { Principals } from '../../aws/principals.ts';
import type { Machine } from '../../machine.ts';
import { agentSettingsOf } from '../agent-settings.ts';
import type { WorldKit } from '../cloud.ts';
import { metricsPageOf } from '../metrics-page.ts';
import type { Destination } from '../network.ts';
import { createVirtualNode, type VirtualNode } from '../node.ts';
import type { OneFault } from '../one-fault.ts';
import { BUCKET, GROUP, LAUNCH_HOOK, type modelOf, NODE_ROLE, REGION, TERMINATE_HOOK } from './model.ts';
import type { AwsPlan } from './plan.ts';
import { AWS_ENDPOINT, metadataDestination } from './services.ts';

const BOOT_MS = 4_000;
export const KEYS_MS = 6 * 3_600_000;
const METADATA_HOST = '169.254.169.254';

/** An instance of the group, and the machine in memory behind it. */
export interface Member {
  instance: Instance;
  node: VirtualNode;
  /** Until then its metadata do not tell that it has to go. */
  lateUntil: number;
}

export interface Members {
  /** In order of launch. */
  all(): readonly Member[];
  find(instance: string): Member | undefined;
  /** As the group starts an instance: its machine boots after a while. */
  start(instance: Instance): Promise<Machine>;
}

export interface MembersOptions {
  plan: AwsPlan;
  model: ReturnType<typeof modelOf>;
  kit: WorldKit;
  principals: Principals;
  fault: OneFault<AwsFaulty>;
  /** Who answers on AWS's own address. */
  service(url: URL): Destination;
}

export function createMembers({ plan, model, kit, principals, fault, service }: MembersOptions): Members {
  const { clock, tell, isOver } = kit;
  const members: Member[] = [];

  function nodeOf(instance: Instance): VirtualNode {
    const order = members.length;
    const source = metadataOf(instance, model.groups[0].template, model, principals, KEYS_MS, clock.now);
    const isLate = () => (members[order]?.lateUntil ?? 0) > clock.now();
    const answer = createMetadataService(
      { ...source, targetState: () => (isLate() ? 'InService' : source.targetState()) },
      fault,
      clock.now,
    );
    const metadata = metadataDestination(answer, fault);
    const metrics = metricsPageOf(() => node);
    const node: VirtualNode = createVirtualNode({
      id: instance.id,
      config: configOf(plan, instance.id),
      clock,
      tell,
      isOver,
      hasMediaRegistry: plan.hasMediaRegistry,
      connect: (config, network) => connect(config, { AWS_ENDPOINT_URL: AWS_ENDPOINT }, network),
      send: kit.senderOf(order, (url) => {
        if (url.origin === AWS_ENDPOINT) return service(url);
        return url.host === METADATA_HOST ? metadata : metrics;
      }),
    });
    return node;
  }

  return {
    all: () => members,
    find: (id) => members.find(({ instance }) => instance.id === id),
    async start(instance) {
      const node = nodeOf(instance);
      members.push({ instance, node, lateUntil: 0 });
      clock.after(BOOT_MS, () => {
        if (instance.stoppedAt === undefined) node.boot();
      });
      return {
        id: instance.id,
        boot: async () => undefined,
        cpu: () => 0,
        async terminate() {
          node.powerOff(isTaken(instance, clock.now()));
        },
      };
    },
  };
}

/** By AWS itself, or by chance: not because its agent gave it back. */
function isTaken({ spotDeadline, healthy, life }: Instance, now: number): boolean {
  const reclaimed = spotDeadline !== undefined && now >= spotDeadline;
  return reclaimed || (!healthy && life.state !== 'Terminating:Proceed');
}

function configOf(plan: AwsPlan, instance: string): ReturnType<typeof agentSettingsOf> {
  return agentSettingsOf(plan, {
    cloud: {
      kind: 'aws',
      region: REGION,
      group: GROUP,
      launchHook: LAUNCH_HOOK,
      terminateHook: TERMINATE_HOOK,
      onRebalance: plan.onRebalance,
    },
    registry: { kind: 'bucket', bucket: BUCKET, statusName: `${NODE_ROLE.uniqueId}:${instance}` },
    heartbeatMs: plan.heartbeatMs,
  });
}

import { announce } from '../../../fleet/digitalocean/announcement.ts';
import type { SendHttp } from '../../../fleet/http.ts';
import { connect } from '../../../node-agent/clouds/connect.ts';
import type { Droplet } from '../../digitalocean/droplets/droplet.ts';
import type { Machine } from '../../machine.ts';
import { agentSettingsOf } from '../agent-settings.ts';
import type { WorldKit } from '../cloud.ts';
import type { Load } from '../load.ts';
import { metricsPageOf } from '../metrics-page.ts';
import type { Destination } from '../network.ts';
import { createVirtualNode, type VirtualNode } from '../node.ts';
import { releaseOf } from '../released.ts';
import { agentOf, dropletFileOf, ENVIRONMENT, METADATA_HOST, SPACES, WAKE_URL } from './model.ts';
import type { DigitalOceanPlan } from './plan.ts';
import { metadataDestination, type OceanFault } from './services.ts';

const ANNOUNCE_TIMEOUT_MS = 30_000;
const BOOT_MS = 4_000;
/** DigitalOcean announces nothing: it is asked seldom. */
const SPOT_MS = 60_000;
/** Each look into a mailbox costs several times what a look at metadata does. */
const NOTICE_MS = 5_000;
/** Of a machine that serves nobody. */
const IDLE_CPU = 0.02;

/** A droplet, and the machine in memory behind it. */
export interface Member {
  droplet: Droplet;
  node: VirtualNode;
}

export interface Members {
  /** In order of launch. */
  all(): readonly Member[];
  named(name: string): Member | undefined;
  /** A droplet was made: it is `new`, and nothing of it runs. */
  add(droplet: Droplet): Member;
  /** As it becomes active: its machine boots after a while. */
  start(droplet: Droplet, booted: () => void): Promise<Machine>;
  /** Whether its media server has ever run. */
  hasServed(droplet: Droplet): boolean;
  /** The orchestrator deletes it: whatever is on it when it ends is lost by that. */
  giveUp(droplet: Droplet): void;
  /** Of so many of those that begin, nothing ever runs. */
  deaf: number;
}

export interface MembersOptions {
  plan: DigitalOceanPlan;
  kit: WorldKit;
  load: Load;
  fault: OceanFault;
  store: () => Destination;
  functionFor(member: Member): Destination;
}

export function createMembers(options: MembersOptions): Members {
  const { plan, kit, load, fault } = options;
  const { clock, tell, isOver } = kit;
  const list: Member[] = [];
  const givenUp = new Set<Droplet>();
  const carried = new Set<Droplet>();

  const isOpen = ({ node }: Member) => node.unit.life()?.draining === false;
  const cpuOf = (member: Member) => (isOpen(member) ? load.shareOf(list.filter(isOpen).length) : IDLE_CPU);
  const of = (droplet: Droplet) => list.find((member) => member.droplet === droplet);

  function add(droplet: Droplet): Member {
    const metadata = metadataDestination(droplet, fault);
    const metrics = metricsPageOf(() => member.node);
    const send = kit.senderOf(list.length, (url) => {
      if (url.href === WAKE_URL) return options.functionFor(member);
      if (url.origin === SPACES) return options.store();
      return url.host === METADATA_HOST ? metadata : metrics;
    });
    const node: VirtualNode = createVirtualNode({
      id: droplet.name,
      config: agentSettingsOf(plan, { ...agentOf(droplet), noticeMs: NOTICE_MS, spotMs: SPOT_MS }),
      clock,
      tell(happening) {
        if (happening.kind === 'media-started') carried.add(droplet);
        tell(happening);
      },
      isOver,
      hasMediaRegistry: plan.hasMediaRegistry,
      cpu: () => cpuOf(member),
      connect: (config, network) =>
        connect(config, ENVIRONMENT, { ...network, readText: () => dropletFileOf(droplet.spec.userData) }),
      send,
      announce: () => announceTo(send, droplet),
    });
    const member: Member = { droplet, node };
    list.push(member);
    tell({ kind: 'launched', node: node.id });
    return member;
  }

  const members: Members = {
    deaf: 0,
    hasServed: (droplet) => carried.has(droplet),
    all: () => list,
    named: (name) => list.findLast(({ droplet }) => droplet.name === name),
    add,
    async start(droplet, booted) {
      const member = of(droplet) ?? add(droplet);
      const { node } = member;
      const isDeaf = members.deaf > 0;
      if (isDeaf) members.deaf -= 1;
      clock.after(BOOT_MS, () => {
        if (isDeaf || droplet.stoppedAt !== undefined) return;
        node.boot();
        booted();
      });
      return {
        id: droplet.name,
        boot: async () => undefined,
        cpu: () => 100 * cpuOf(member),
        // Only what the orchestrator deletes is ended by us: all else is taken by a person, or by chance.
        terminate: async () => node.powerOff(!givenUp.has(droplet)),
      };
    },
    giveUp(droplet) {
      givenUp.add(droplet);
      const member = of(droplet);
      if (member !== undefined) tell(releaseOf(member.node));
    },
  };
  return members;
}

/** As its boot program does it. Whoever is to leave already gets no media server. */
async function announceTo(send: SendHttp, { spec }: Droplet): Promise<boolean> {
  const { node, statusKey, wake } = JSON.parse(dropletFileOf(spec.userData));
  try {
    const { status } = await send({
      method: 'POST',
      url: wake.url,
      headers: { 'x-require-whisk-auth': wake.secret, 'content-type': 'application/json' },
      body: JSON.stringify(announce(node, statusKey)),
      timeoutMs: ANNOUNCE_TIMEOUT_MS,
    });
    return status === 200;
  } catch {
    return false;
  }
}

import type { AgentConfigFile } from '../../fleet/agent-config.ts';
import { createBucketRegistry } from '../../fleet/bucket-registry.ts';
import type { Decision } from '../../fleet/decision.ts';
import { type Registry, readingOf } from '../../fleet/registry.ts';
import type { NodeStatus } from '../../fleet/status.ts';
import { AgentRig } from './agent-rig.ts';
import type { CloudMachine } from './cloud-machine.ts';
import type { MailboxCloud } from './mailbox-clouds.ts';
import { type StoreFront, startStoreFront } from './store-front.ts';
import type { StoreServer } from './store-server.ts';

/** One node of a cloud whose nodes are told by a mailbox: the agent's bundle, its media, and a bucket behind a line that fails. */
export class MailboxRig<Machine extends CloudMachine = CloudMachine> {
  /** As the function has it: past the line that fails. */
  readonly registry: Registry;

  private constructor(
    private readonly on: MailboxCloud<Machine>,
    readonly machine: Machine,
    readonly node: AgentRig,
    readonly front: StoreFront,
    readonly store: ReturnType<StoreServer['store']>,
  ) {
    this.registry = createBucketRegistry({ store });
  }

  /** Serves already. */
  static async create<Machine extends CloudMachine>(
    on: MailboxCloud<Machine>,
    server: StoreServer,
    bucket: string,
    every: AgentConfigFile['every'] = { notice: '200ms', tags: '200ms' },
  ): Promise<MailboxRig<Machine>> {
    await server.createBucket(bucket);
    const store = server.store(bucket);
    const front = await startStoreFront(server, on.store.dialect);
    const machine = await on.start();
    await on.furnish?.(machine, store);
    const { environment, cloud, bucket: address } = on.configure(machine, front, bucket);
    const node = await AgentRig.create({
      environment: { ...machine.environment, ...environment },
      configure: (config) => ({
        ...config,
        cloud,
        registry: { kind: 'bucket', bucket: address, statusName: on.node },
        every: { ...config.every, ...every },
      }),
    });
    const rig = new MailboxRig(on, machine, node, front, store);
    try {
      await node.startMedia();
      await node.startAgent();
      await rig.told('it serves', ({ phase, work }) => phase === 'serving' && work !== null);
      return rig;
    } catch (cause) {
      await rig.close();
      throw cause;
    }
  }

  async status(): Promise<NodeStatus | undefined> {
    const reading = readingOf(await this.registry.readFleet(), this.on.node);
    return reading.kind === 'fresh' ? reading.status : undefined;
  }

  async told(what: string, isTrue: (status: NodeStatus) => boolean): Promise<void> {
    await this.node.until(what, async () => {
      const seen = await this.status();
      return seen !== undefined && isTrue(seen);
    });
  }

  decisionOf(id: string, changed: Partial<Decision> = {}): Decision {
    return {
      v: 1,
      id,
      node: this.on.node,
      machine: this.on.machine,
      pool: 'media',
      at: new Date().toISOString(),
      by: 'a function',
      cause: 'scale-in',
      intent: 'leave',
      reason: 'fewest calls',
      ...changed,
    };
  }

  get signalled(): number {
    return this.node.logged('media-signalled').length;
  }

  async morePolls(count: number): Promise<void> {
    const polls = () => this.front.requests.filter(({ key }) => key.startsWith('decisions/')).length;
    const wanted = polls() + count;
    await this.node.until('it looks into its mailbox', () => polls() >= wanted);
  }

  async close(): Promise<void> {
    await this.node.close();
    await this.front.close();
    await this.machine.close();
  }
}

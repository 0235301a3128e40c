import * as assert from 'node:assert/strict';
import type { AwsTwin } from '../../lab/aws/aws-twin.ts';
import type { AwsEvent } from '../../lab/aws/events.ts';
import type { AwsModel } from '../../lab/aws/model.ts';
import { createTwin } from '../../lab/aws/twin.ts';
import type { LabMachine } from '../../lab/instance/lab-machine.ts';
import { LabMachines } from '../../lab/instance/machine-factory.ts';
import type { MediaDriver, Participant } from '../../lab/media/driver.ts';

const AGENT_UNIT = 'ebbtide-agent.service';
/** Neither busy enough to grow nor idle enough to shrink: only a test moves the group. */
const QUIET_CPU = 42;

export interface Call {
  instance: string;
  people: Participant[];
}

/** A whole fleet on this machine: twin cloud, real user-data, real agents and functions; people as a test wants them. */
export class FleetRig {
  readonly events: AwsEvent[] = [];
  readonly twin: AwsTwin;
  private readonly machines: LabMachines;
  private readonly calls: Call[] = [];
  private readonly agentEvents: { instance: string; event: string }[] = [];

  constructor(
    private readonly model: AwsModel,
    private readonly driver: MediaDriver,
    factor: number,
    mode: 'ebbtide' | 'control' = 'ebbtide',
    images?: ReadonlyMap<string, readonly string[]>,
  ) {
    this.machines = new LabMachines({
      images,
      cpuOf: () => QUIET_CPU,
      onLog: ({ instanceId, unit, line }) => {
        const event = /"event":"([^"]+)"/.exec(line)?.[1];
        if (unit === AGENT_UNIT && event !== undefined)
          this.agentEvents.push({ instance: instanceId, event });
      },
    });
    const onEvent = (event: AwsEvent) => this.events.push(event);
    this.twin = createTwin({ model, machines: this.machines, mode, factor, onEvent });
  }

  async start(nodes: number): Promise<void> {
    await this.twin.start();
    this.twin.setDesiredCapacity(nodes);
    await this.until(`${nodes} nodes serve`, () => this.inService().length === nodes);
  }

  inService(): string[] {
    return this.twin
      .instances()
      .flatMap(({ id, state, running }) => (running && state === 'InService' ? [id] : []));
  }

  stateOf(instance: string): string {
    return this.twin.instances().find(({ id }) => id === instance)?.state ?? 'unheard of';
  }

  machine(instance: string): LabMachine {
    const machine = this.machines.machine(instance);
    assert.ok(machine !== undefined, `there is a machine ${instance}`);
    return machine;
  }

  /** A call of two people on one node. */
  async call(instance: string): Promise<Call> {
    const room = `room-on-${instance}`;
    const node = this.machine(instance);
    const people = [await this.driver.join(node, room, 'ada'), await this.driver.join(node, room, 'bob')];
    this.calls.push({ instance, people });
    return { instance, people };
  }

  /** Both hang up; fails unless that was how the call ended for them, without a break before. */
  async hangUp({ people }: Call): Promise<void> {
    for (const person of people) {
      await person.hangUp();
      assert.deepEqual(await person.ended, { kind: 'hung-up' });
      assert.equal(person.reconnects(), 0);
    }
  }

  logged(instance: string, event: string): number {
    return this.agentEvents.filter((line) => line.instance === instance && line.event === event).length;
  }

  /** Lets every serving node be heard of by the registry, as the functions will read it. */
  async settle(): Promise<void> {
    await this.until('every node has told how it is', () =>
      this.inService().every((instance) => {
        const onIt = this.calls.filter((call) => call.instance === instance).length * 2;
        const status = this.status(instance);
        return status?.phase === 'serving' && status.work?.people === onIt;
      }),
    );
  }

  status(
    instance: string,
  ): { phase: string; work: { people: number } | null; protected: boolean } | undefined {
    const bucket = this.model.buckets[0]?.name ?? '';
    const body = this.twin.object(bucket, this.statusKey(instance));
    return body === undefined ? undefined : JSON.parse(body);
  }

  /** What lies in the registry of this node does not parse any more. */
  garbleStatus(instance: string): void {
    this.twin.putObject(this.model.buckets[0]?.name ?? '', this.statusKey(instance), '{"v":1, half a status');
  }

  answersOf(functionName: string): string[] {
    return this.events.flatMap((event) =>
      event.kind === 'invoked' && event.function.endsWith(functionName) ? [JSON.stringify(event.answer)] : [],
    );
  }

  private statusKey(instance: string): string {
    const role = this.model.roles.find(({ name }) => name.startsWith('ebbtide-media-node'));
    return `statuses/${role?.uniqueId}:${instance}.json`;
  }

  async until(what: string, isTrue: () => boolean, timeoutMs = 60_000): Promise<void> {
    const end = Date.now() + timeoutMs;
    while (Date.now() < end) {
      if (isTrue()) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const tail = this.events.slice(-15).map((event) => JSON.stringify(event).slice(0, 300));
    throw new assert.AssertionError({ message: `${what}: not within ${timeoutMs} ms\n${tail.join('\n')}` });
  }

  async close(): Promise<void> {
    await this.twin.close();
    await this.machines.dispose();
  }
}

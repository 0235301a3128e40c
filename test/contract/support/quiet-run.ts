import type { TwinEvent } from '../../../lab/cloud/events.ts';
import type { TwinCloud, TwinRun } from '../../../lab/cloud/twin-cloud.ts';
import type { MachineSpec } from '../../../lab/machine.ts';

/** A machine on which nothing runs: the test is its agent. */
export interface QuietMachine {
  spec: MachineSpec;
  on: boolean;
}

/** How a test runs a twin, and what it sees of it. */
export interface QuietRun<Event = TwinEvent> {
  run: TwinRun & { onEvent(event: Event): void };
  events: Event[];
  /** The latest of each name. */
  machines: Map<string, QuietMachine>;
}

export function quietRun<Event = TwinEvent>(cpu: (instance: string) => number = () => 0): QuietRun<Event> {
  const events: Event[] = [];
  const machines = new Map<string, QuietMachine>();
  const factory: TwinRun['machines'] = {
    create(spec) {
      const machine = { spec, on: true };
      machines.set(spec.instanceId, machine);
      return {
        id: spec.instanceId,
        boot: async () => undefined,
        terminate: async () => {
          machine.on = false;
        },
        cpu: () => cpu(spec.instanceId),
      };
    },
  };
  return {
    events,
    machines,
    run: { mode: 'ebbtide', factor: 1, machines: factory, onEvent: (event) => events.push(event) },
  };
}

/** What cannot start leaves no server behind. */
export async function started(twin: Pick<TwinCloud, 'start' | 'close'>): Promise<void> {
  await twin.start().catch(async (cause) => {
    await twin.close();
    throw cause;
  });
}

export function ofKind<Event extends { kind: string }, Kind extends Event['kind']>(
  events: readonly Event[],
  kind: Kind,
): Extract<Event, { kind: Kind }>[] {
  return events.filter((event): event is Extract<Event, { kind: Kind }> => event.kind === kind);
}

export function servingIn(twin: Pick<TwinCloud, 'instances'>): string[] {
  return twin.instances().flatMap(({ id, standing }) => (standing === 'serving' ? [id] : []));
}

/** Waits for what must come true soon; rejects, saying what did not. */
export async function until<T>(
  what: string,
  look: () => T | undefined | false,
  withinMs = 60_000,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  while (Date.now() < deadline) {
    const seen = look();
    if (seen !== undefined && seen !== false) return seen;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`it did not come true that ${what}`);
}

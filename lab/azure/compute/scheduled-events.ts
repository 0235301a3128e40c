import type { CloudClock } from '../../cloud/clock.ts';
import { uuid } from '../../cloud/identifiers.ts';

export type EventType = 'Terminate' | 'Preempt' | 'Reboot' | 'Redeploy' | 'Freeze';

/** What is ahead of some machines, as the metadata service tells it. */
export interface ScheduledEvent {
  id: string;
  type: EventType;
  /** Names of instances. */
  resources: string[];
  status: 'Scheduled' | 'Started';
  source: 'Platform' | 'User';
  description: string;
  durationS: number;
  /** By the cloud's clock; it comes no later. */
  notBefore: number;
}

/** Every machine of a set is told of all of them: its own it has to find. */
export interface ScheduledEvents {
  all(): readonly ScheduledEvent[];
  /** Counts their changes. */
  incarnation(): number;
  /** Resolves when it begins: when somebody approves of it, or when its time has come. */
  schedule(
    event: Pick<ScheduledEvent, 'type' | 'resources' | 'source' | 'description'>,
    afterMs: number,
  ): Promise<void>;
  /** Whoever is told of it may let it begin. False where there is no such event. */
  approve(id: string): boolean;
  /** It is over. */
  end(resource: string): void;
}

/** How long a machine stands still: -1 for one whose duration nobody knows or that does not come back. */
const DURATIONS: Record<EventType, number> = {
  Terminate: -1,
  Preempt: -1,
  Reboot: 60,
  Redeploy: 600,
  Freeze: 5,
};

export function createScheduledEvents(clock: CloudClock, seed: string): ScheduledEvents {
  let events: (ScheduledEvent & { begin(): void })[] = [];
  let incarnation = 1;
  let count = 0;

  return {
    all: () => events,
    incarnation: () => incarnation,
    schedule(spec, afterMs) {
      const notBefore = clock.now() + afterMs;
      count += 1;
      return new Promise((resolve) => {
        const event = {
          ...spec,
          id: uuid(`${seed} event#${count}`).toUpperCase(),
          status: 'Scheduled' as ScheduledEvent['status'],
          durationS: DURATIONS[spec.type],
          notBefore,
          begin() {
            cancel();
            if (this.status === 'Started') return;
            this.status = 'Started';
            incarnation += 1;
            resolve();
          },
        };
        const cancel = clock.at(notBefore, () => event.begin());
        events.push(event);
        incarnation += 1;
      });
    },
    approve(id) {
      const event = events.find((each) => each.id === id);
      event?.begin();
      return event !== undefined;
    },
    end(resource) {
      const left = events.filter(({ resources }) => !resources.includes(resource));
      if (left.length === events.length) return;
      events = left;
      incarnation += 1;
    },
  };
}

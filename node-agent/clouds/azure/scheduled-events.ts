import * as v from 'valibot';
import type { Imds } from '../../../fleet/azure/imds.ts';
import type { Outcome } from '../../core/effect.ts';
import type { Interruption } from '../../core/state.ts';
import type { AdviceReading, InterruptionReading, Schedule, ScheduleReading } from '../cloud.ts';

const VERSION = { 'api-version': '2020-07-01' };

/** The list is of a whole placement group: of what it says of others, only their names are looked at. */
const documentSchema = v.object({ Events: v.array(v.looseObject({ Resources: v.array(v.string()) })) });
const eventSchema = v.object({
  EventId: v.pipe(v.string(), v.minLength(1)),
  EventType: v.string(),
  EventStatus: v.string(),
  /** Empty once it has begun. */
  NotBefore: v.pipe(
    v.string(),
    v.transform((text) => (text === '' ? null : Date.parse(text))),
    v.check((at) => !Number.isNaN(at), 'must be a time'),
  ),
});
type OwnEvent = v.InferOutput<typeof eventSchema> & { isOursAlone: boolean };

type EventsReading =
  | { kind: 'known'; events: OwnEvent[]; date: number }
  | { kind: 'unknown'; reason: string };

/** What ends this machine for good. All else (Reboot, Redeploy, Freeze) leaves it where it is. */
const ENDS: Readonly<Partial<Record<string, Interruption['by']>>> = {
  Preempt: 'spot-interruption',
  Terminate: 'termination',
};

export interface EventsOfMachine {
  readInterruption(): Promise<InterruptionReading>;
  readAdvice(): Promise<AdviceReading>;
  schedule: Schedule;
}

/** The scheduled events of the machine of that name. */
export function watchScheduledEvents(
  imds: Imds,
  nameOf: () => string | undefined,
  now: () => number,
): EventsOfMachine {
  const deadlines = new Map<string, number>();
  let underWay: Promise<EventsReading> | undefined;

  async function ask(): Promise<EventsReading> {
    const name = nameOf()?.toLowerCase();
    if (name === undefined) return unknown('the machine does not know its name yet');
    const reading = await imds.read('scheduledevents', VERSION);
    if (reading.kind === 'absent') return unknown('the metadata service has none');
    if (reading.kind === 'unknown') return reading;
    const document = v.safeParse(v.pipe(v.string(), v.parseJson(), documentSchema), reading.text);
    if (!document.success) return unknown(v.summarize(document.issues));
    const ours = document.output.Events.map((event) => ({ event, names: event.Resources.map(lower) })).filter(
      ({ names }) => names.includes(name),
    );
    const parsed = v.safeParse(
      v.array(eventSchema),
      ours.map(({ event }) => event),
    );
    if (!parsed.success) return unknown(v.summarize(parsed.issues));
    const events = parsed.output.map((event, index) => ({
      ...event,
      isOursAlone: ours[index]?.names.every((other) => other === name) === true,
    }));
    return { kind: 'known', events, date: reading.date };
  }

  /** However many want to know, one request is under way. */
  function read(): Promise<EventsReading> {
    underWay ??= ask().finally(() => {
      underWay = undefined;
    });
    return underWay;
  }

  /** Once it has begun it does not tell its time any more: then it is what it was, or now. */
  function deadlineOf({ EventId, NotBefore }: OwnEvent): number {
    const deadline = NotBefore ?? deadlines.get(EventId) ?? now();
    deadlines.set(EventId, deadline);
    return deadline;
  }

  async function readInterruption(): Promise<InterruptionReading> {
    const reading = await read();
    if (reading.kind === 'unknown') return reading;
    const [first] = reading.events
      .flatMap((event) => {
        const by = ENDS[event.EventType];
        return by === undefined ? [] : [{ by, deadline: deadlineOf(event) }];
      })
      .sort((a, b) => a.deadline - b.deadline);
    return first === undefined ? { kind: 'none' } : { kind: 'interrupted', ...first };
  }

  async function readAdvice(): Promise<AdviceReading> {
    const reading = await read();
    if (reading.kind === 'unknown') return reading;
    const others = reading.events.filter(({ EventType }) => ENDS[EventType] === undefined);
    if (others.length === 0) return { kind: 'none' };
    const texts = others.map((event) => `${event.EventType} ${describeTime(event)}`);
    return { kind: 'advised', text: `the cloud has scheduled for this machine: ${texts.join(', ')}` };
  }

  async function readSchedule(): Promise<ScheduleReading> {
    const reading = await read();
    if (reading.kind === 'unknown') return reading;
    const waiting = reading.events.filter(({ EventStatus }) => EventStatus === 'Scheduled');
    return {
      kind: 'known',
      // A consent is for all whom an event concerns: while those are more than this machine, it is not ours to give.
      events: waiting
        .filter(({ isOursAlone }) => isOursAlone)
        .map(({ EventId, NotBefore }) => ({
          id: EventId,
          isDue: NotBefore !== null && reading.date >= NotBefore,
        })),
    };
  }

  async function acknowledge(ids: string[]): Promise<Outcome> {
    const body = { StartRequests: ids.map((EventId) => ({ EventId })) };
    const reading = await imds.post('scheduledevents', VERSION, body);
    switch (reading.kind) {
      case 'found':
        return { kind: 'done' };
      case 'absent':
        return { kind: 'failed', problem: 'scheduledevents: the metadata service has none' };
      case 'unknown':
        return { kind: 'failed', problem: reading.reason };
    }
  }

  return { readInterruption, readAdvice, schedule: { read: readSchedule, acknowledge } };
}

function unknown(reason: string): EventsReading {
  return { kind: 'unknown', reason: `scheduledevents: ${reason}` };
}

function lower(name: string): string {
  return name.toLowerCase();
}

function describeTime({ NotBefore }: OwnEvent): string {
  return NotBefore === null ? 'which has begun' : `not before ${new Date(NotBefore).toISOString()}`;
}

import type { Metadata, MetadataReading } from '../../../fleet/gcp/metadata.ts';
import type { Interruption } from '../../core/state.ts';
import type { AdviceReading, InterruptionReading } from '../cloud.ts';
import { createWatch } from './watch.ts';

/** From the notice to the end, about. */
const PREEMPTION_MS = 30_000;
const HOST_MAINTENANCE_MS = 60_000;

export interface Interruptions {
  readInterruption(): Promise<InterruptionReading>;
  readAdvice(): Promise<AdviceReading>;
}

/** Preemption and maintenance of the host, as the metadata server tells them. Each answers when there is news. */
export function watchInterruptions(metadata: Metadata, now: () => number): Interruptions {
  const preempted = createWatch(metadata, 'instance/preempted');
  const maintenance = createWatch(metadata, 'instance/maintenance-event');
  const noticed = new Map<Interruption['by'], Interruption>();

  /** The end stays where it was when the notice came. */
  function interrupted(by: Interruption['by'], inMs: number): InterruptionReading {
    const interruption = noticed.get(by) ?? { by, deadline: now() + inMs };
    noticed.set(by, interruption);
    return { kind: 'interrupted', ...interruption };
  }

  /** What is known of both. */
  function known(): InterruptionReading {
    const readings = [preempted.latest(), maintenance.latest()];
    if (textOf(readings[0]) === 'TRUE') return interrupted('spot-interruption', PREEMPTION_MS);
    if (textOf(readings[1]) === 'TERMINATE_ON_HOST_MAINTENANCE')
      return interrupted('host-maintenance', HOST_MAINTENANCE_MS);
    return readings.find((reading) => reading?.kind === 'unknown') ?? { kind: 'none' };
  }

  return {
    async readInterruption() {
      if (preempted.latest() === undefined || maintenance.latest() === undefined) {
        await Promise.all([preempted.next(), maintenance.next()]);
        const first = known();
        if (first.kind !== 'none') return first;
      }
      await Promise.race([preempted.next(), maintenance.next()]);
      return known();
    },
    async readAdvice() {
      const reading = await maintenance.next();
      if (reading.kind === 'unknown') return reading;
      if (textOf(reading) !== 'MIGRATE_ON_HOST_MAINTENANCE') return { kind: 'none' };
      return {
        kind: 'advised',
        text: 'the host is maintained: this machine moves to another one as it runs',
      };
    },
  };
}

function textOf(reading: MetadataReading | undefined): string | undefined {
  return reading?.kind === 'found' ? reading.text : undefined;
}

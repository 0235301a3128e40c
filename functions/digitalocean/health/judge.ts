import * as v from 'valibot';
import { healthSchema } from '../../../fleet/digitalocean/pool-health.ts';

/** What the bucket for memory holds, by the store's own clock. */
export type HealthReading =
  | { kind: 'told'; body: string; ageMs: number }
  /** No run has told anything yet. `pool`: how old it is. */
  | { kind: 'untold'; poolMs: number | undefined }
  | { kind: 'unknown' };

/** Pure: the alarms that there are; none: the pool is well. What is not known is never well. */
export function judge(reading: HealthReading, silentAfterMs: number): string[] {
  switch (reading.kind) {
    case 'unknown':
      return [UNKNOWN];
    case 'untold':
      // A pool that is just made has its time.
      return reading.poolMs !== undefined && reading.poolMs <= silentAfterMs ? [] : [SILENT];
    case 'told': {
      const silent = reading.ageMs <= silentAfterMs ? [] : [SILENT];
      const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), healthSchema), reading.body);
      return [...silent, ...(parsed.success ? parsed.output.alarms : [UNKNOWN])];
    }
  }
}

/** No run of the orchestrator has come to its end for long: it is not called, or ends before. */
const SILENT = 'orchestrator-silent';
const UNKNOWN = 'health-unknown';

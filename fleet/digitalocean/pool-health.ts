import * as v from 'valibot';
import { memoryKey } from '../shared-memory.ts';

/** The memory in which the orchestrator tells, at the end of each run, what a person must hear of. */
export const HEALTH_MEMORY = 'health';
export const HEALTH_KEY = memoryKey(HEALTH_MEMORY);

/** It lies in the bucket for memory from the first, and nobody writes it again: its age is the pool's. */
export const BORN_KEY = memoryKey('born');

/** How long DigitalOcean's own check finds a pool unwell before it calls anybody: its shortest. */
export const CHECK_PERIOD = { says: '2m', ms: 120_000 } as const;

/** With the check's own period, five minutes, as on every cloud. The orchestrator writes each minute. */
export const SILENT_AFTER_MS = 180_000;

/** What a finding is called, or a word for several: never a node's name, nor anything that a node has written. */
const alarmName = v.pipe(v.string(), v.regex(/^[a-z]+(-[a-z]+)*$/));

/** All that the function `health` reads of it. */
export const healthSchema = v.object({ v: v.literal(1), alarms: v.array(alarmName) });

const text = v.pipe(v.string('is not set'), v.minLength(1, 'is empty'));

/** The parameters of the function `health`, each a text. */
export const healthParametersSchema = v.object({
  /** Of the bucket. */
  region: text,
  bucket: text,
  silentAfterMs: v.pipe(text, v.toNumber(), v.integer(), v.minValue(1)),
  /** Which may read that bucket alone. */
  spacesKeyId: text,
  spacesSecretKey: text,
});
export type HealthParameters = v.InferInput<typeof healthParametersSchema>;

import * as v from 'valibot';

export const MEMORY_NAME = 'watcher';

const when = v.pipe(v.string(), v.isoTimestamp());

/** Which retained machines were ended: written before it is done, looked at by the next run. */
export const memorySchema = v.object({
  v: v.literal(1),
  terminations: v.array(
    v.object({ node: v.string(), at: when, times: v.pipe(v.number(), v.integer(), v.minValue(1)) }),
  ),
});
export type WatcherMemory = v.InferOutput<typeof memorySchema>;
export type Termination = WatcherMemory['terminations'][number];

import type { Clock } from '../../../fleet/clock.ts';
import { GcpError } from '../../../fleet/gcp/client.ts';
import type { SharedMemory } from '../../../fleet/shared-memory.ts';

/** Cloud Storage takes one write a second of one object. */
const APART_MS = 1_100;

/**
 * A run that follows right after another, since a node woke it, waits once for its turn to write. That nobody else has
 * written meanwhile is seen to by the version, as ever.
 */
export function createPatientMemory(memory: SharedMemory, clock: Clock): SharedMemory {
  return {
    read: memory.read,
    async replace(...written) {
      try {
        return await memory.replace(...written);
      } catch (cause) {
        if (!(cause instanceof GcpError) || cause.status !== 429) throw cause;
        await new Promise<void>((resolve) => {
          clock.after(APART_MS, resolve);
        });
        return memory.replace(...written);
      }
    },
  };
}

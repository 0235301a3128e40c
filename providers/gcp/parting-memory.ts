import * as v from 'valibot';
import type { Registry } from '../../fleet/registry.ts';

/**
 * Whether a parting has turned the autoscaler off: an operator may have done so too, during the loan, and that stays. It
 * lies in the pool's own bucket, since of an autoscaler nothing may be written but what the operator knows of.
 */
export interface PartingMemory {
  /** Rejects where it cannot be read. */
  hasStopped(): Promise<boolean>;
  write(hasStopped: boolean): Promise<void>;
}

const NAME = 'parting';
const memorySchema = v.object({ v: v.literal(1), hasStopped: v.boolean() });

export function createPartingMemory(registry: Pick<Registry, 'readMemory' | 'writeMemory'>): PartingMemory {
  return {
    async hasStopped() {
      const reading = await registry.readMemory(NAME);
      switch (reading.kind) {
        case 'none':
          return false;
        case 'found': {
          const { success, output } = v.safeParse(memorySchema, reading.memory);
          if (success) return output.hasStopped;
          throw new Error(unknown('it makes no sense'));
        }
        case 'corrupt':
        case 'unknown':
          throw new Error(unknown(reading.reason));
      }
    },
    write: (hasStopped) => registry.writeMemory(NAME, { v: 1, hasStopped }),
  };
}

function unknown(reason: string): string {
  return (
    `it is not known who has turned the autoscaler off (${reason}). Run this again; or give it the mode that you want, and ` +
    'then run this again'
  );
}

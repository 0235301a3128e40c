import type { CloudClock } from '../../cloud/clock.ts';
import { uuid } from '../../cloud/identifiers.ts';

/** Work that goes on after its request was answered. */
export interface Operation {
  id: string;
  /** Real time, ms since the epoch. */
  startedAt: number;
  endedAt?: number;
  status: 'InProgress' | 'Succeeded' | 'Failed';
  error?: { code: string; message: string };
}

export interface Operations {
  /** `work` is begun at once; the operation has ended when it has, but not at once. */
  begin(work: () => Promise<void> | void): Operation;
  /** One that is accepted and fails later, having done nothing. */
  fail(): Operation;
  find(id: string): Operation | undefined;
  /** It has been accepted, and what it is about has not taken it up yet. */
  isBeginning(operation: Operation): boolean;
}

/** Nothing that Azure does is done when it answers. By the cloud's clock. */
const AT_LEAST_MS = 2000;

export function createOperations(clock: CloudClock, wallClock: () => number, seed: string): Operations {
  const operations = new Map<string, Operation>();
  const beginning = new Set<Operation>();

  function add(): Operation {
    const id = uuid(`${seed} operation#${operations.size}`);
    const operation: Operation = { id, startedAt: wallClock(), status: 'InProgress' };
    operations.set(id, operation);
    beginning.add(operation);
    clock.at(clock.now() + AT_LEAST_MS, () => beginning.delete(operation));
    return operation;
  }

  function end(operation: Operation, error?: Operation['error']): void {
    operation.status = error === undefined ? 'Succeeded' : 'Failed';
    operation.endedAt = wallClock();
    if (error !== undefined) operation.error = error;
  }

  return {
    begin(work) {
      const operation = add();
      const worked = work();
      clock.at(clock.now() + AT_LEAST_MS, () => {
        void Promise.resolve(worked).then(() => end(operation));
      });
      return operation;
    },
    fail() {
      const operation = add();
      const error = { code: 'AllocationFailed', message: 'It fails, as the twin was told.' };
      clock.at(clock.now() + AT_LEAST_MS, () => end(operation, error));
      return operation;
    },
    find: (id) => operations.get(id),
    isBeginning: (operation) => beginning.has(operation),
  };
}

import type { CloudClock } from '../../cloud/clock.ts';
import { hexId } from '../../cloud/identifiers.ts';
import { numericId } from './instance.ts';

/** Work that goes on after its request was answered. */
export interface Operation {
  id: string;
  name: string;
  /** A method without its service: `instances.delete`. */
  type: string;
  scope: { kind: 'zone' | 'region'; name: string };
  /** The path of what it is done to, from `projects/`. */
  target: string;
  targetId: string;
  user: string;
  /** Real time, ms since the epoch. */
  insertedAt: number;
  endedAt?: number;
  status: 'PENDING' | 'RUNNING' | 'DONE';
  error?: { code: string; message: string; httpStatus: number };
}

export type NewOperation = Pick<Operation, 'type' | 'scope' | 'target' | 'targetId' | 'user'>;

export interface Operations {
  /** `work` is begun at once; the operation is DONE when it has ended, but not at once. */
  begin(operation: NewOperation, work: () => Promise<void> | void): Operation;
  /** One that is accepted and fails later, having done nothing. */
  fail(operation: NewOperation): Operation;
  find(scope: Operation['scope'], name: string): Operation | undefined;
}

/** Nothing that Google does is done when it answers. By the cloud's clock. */
const AT_LEAST_MS = 2000;

export function createOperations(clock: CloudClock, wallClock: () => number, seed: string): Operations {
  const operations = new Map<string, Operation>();

  function add(spec: NewOperation): Operation {
    const own = `${seed} operation#${operations.size}`;
    const operation: Operation = {
      ...spec,
      id: numericId(own),
      name: `operation-${wallClock()}-${hexId(own, 13)}-${hexId(`${own}'`, 8)}`,
      insertedAt: wallClock(),
      status: 'RUNNING',
    };
    operations.set(operation.name, operation);
    return operation;
  }

  function end(operation: Operation, error?: Operation['error']): void {
    operation.status = 'DONE';
    operation.endedAt = wallClock();
    if (error !== undefined) operation.error = error;
  }

  return {
    begin(spec, work) {
      const operation = add(spec);
      const worked = work();
      clock.at(clock.now() + AT_LEAST_MS, () => {
        void Promise.resolve(worked).then(() => end(operation));
      });
      return operation;
    },
    fail(spec) {
      const operation = add(spec);
      const error = {
        code: 'QUOTA_EXCEEDED',
        message: 'Quota exceeded, as the twin was told.',
        httpStatus: 403,
      };
      clock.at(clock.now() + AT_LEAST_MS, () => end(operation, error));
      return operation;
    },
    find(scope, name) {
      const found = operations.get(name);
      return found?.scope.kind === scope.kind && found.scope.name === scope.name ? found : undefined;
    },
  };
}

import type { Machines } from '../compute/machines.ts';
import type { NewOperation, Operations } from '../compute/operations.ts';
import type { RunningGroups } from '../compute/running-groups.ts';
import { operationView, type Whereabouts } from '../compute/views.ts';
import type { Faults } from '../faults.ts';
import type { Caller, Result } from './api.ts';

export interface ComputeOptions {
  place: Whereabouts;
  machines: Machines;
  groups: RunningGroups;
  operations: Operations;
  faults: Faults;
  /** Those that instances may be in. */
  zones(): readonly string[];
  /** Google gives at most 500 of anything. */
  pageSize?: number | undefined;
}

/** Begins the work of a change, or an operation that fails where the twin was told so. */
export function operationResult(
  { operations, faults, place }: ComputeOptions,
  { principal }: Caller,
  spec: Omit<NewOperation, 'user'>,
  work: () => Promise<void> | void,
): Result {
  const operation = { ...spec, user: principal.email };
  const fails = faults.take({ service: 'operations', action: spec.type }) !== undefined;
  const begun = fails ? operations.fail(operation) : operations.begin(operation, work);
  return { kind: 'json', value: operationView(place, begun) };
}

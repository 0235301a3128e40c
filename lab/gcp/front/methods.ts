import type { GcpModel } from '../model.ts';
import type { Method } from './api.ts';
import { createGroupMethods } from './compute-groups.ts';
import { createInstanceMethods } from './compute-instances.ts';
import { createOperationMethods } from './compute-operations.ts';
import type { ComputeOptions } from './compute-options.ts';
import { createSecretManager } from './secret-manager.ts';
import { createStorage, type StorageOptions } from './storage.ts';

export interface MethodsOptions {
  model: () => GcpModel;
  compute: ComputeOptions;
  storage: StorageOptions;
}

/** Everything of Google's that the twin has. */
export function createMethods({ model, compute, storage }: MethodsOptions): Method[] {
  return [
    ...createStorage(storage),
    ...createSecretManager(model),
    ...createInstanceMethods(compute),
    ...createGroupMethods(compute),
    ...createOperationMethods(compute),
  ];
}

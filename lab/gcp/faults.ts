import type * as cloud from '../cloud/faults.ts';

/**
 * `action`: a method without its service (`instances.delete`), a metadata path, or a function's name. `operations`: the
 * operation of that method is begun and fails later.
 */
export type FaultyService = 'compute' | 'operations' | 'storage' | 'secretmanager' | 'metadata' | 'run';

export type Faults = cloud.Faults<FaultyService>;
export type FaultPort = cloud.FaultPort<FaultyService>;

import type * as cloud from '../cloud/faults.ts';

/**
 * What of the twin can be told to fail. An action is an operation of Azure's descriptions
 * (`VirtualMachineScaleSetVMs_Delete`), one of the blob service's names (`PutBlob`), a metadata path, or the name of a
 * runbook or workflow. `operations`: the operation that such a request began fails later.
 */
export type FaultyService = 'arm' | 'operations' | 'blob' | 'metadata' | 'identity' | 'workflow' | 'job';

export type Faults = cloud.Faults<FaultyService>;
export type FaultPort = cloud.FaultPort<FaultyService>;

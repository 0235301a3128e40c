import type { PrunerSettings } from '../../../fleet/gcp-function-settings.ts';
import type { AutoscalerModel, FunctionModel, GcpModel, Group } from '../../gcp/model.ts';
import type { GcpPlan } from './plan.ts';

export const PLACE = { project: 'chaos', projectNumber: '123456789012', region: 'europe-west1' };
export const BUCKET = 'chaos-pool';
const GROUP = 'ebbtide-chaos';
const POOL = 'chaos';
const NODE_ACCOUNT = 'node@chaos.test';
const PRUNER_ACCOUNT = 'pruner@chaos.test';
/** Where the services of the twin answer in this world, the metadata server of each machine, and the function. */
export const GCP_ENDPOINT = 'http://gcp.test';
export const METADATA_HOST = 'metadata.test';
export const PRUNER_URL = 'http://pruner.test';

/** Where everything is, for agents and for the function. */
export const ENVIRONMENT = {
  CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE: GCP_ENDPOINT,
  CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: GCP_ENDPOINT,
  GCE_METADATA_HOST: METADATA_HOST,
};

export const PRUNER: FunctionModel = {
  name: 'pruner',
  url: PRUNER_URL,
  entryPoint: 'prune',
  runtime: 'nodejs22',
  serviceAccount: PRUNER_ACCOUNT,
  timeoutMs: 540_000,
  memoryMb: 256,
  maxInstances: 1,
  concurrency: 80,
  environment: {},
  files: {},
};

export function prunerSettingsOf(plan: GcpPlan): PrunerSettings {
  return {
    pool: POOL,
    project: PLACE.project,
    region: PLACE.region,
    group: GROUP,
    autoscaler: GROUP,
    bucket: BUCKET,
    minServing: 1,
    maxDrains: plan.maxDrains,
    coolDownMs: plan.coolDownMs,
    warmUpMs: 30_000,
    lowForMs: plan.lowForMs,
    warnAfterMs: plan.warnAfterMs,
  };
}

/** What the program would have provisioned, as far as calls are concerned; its rights are tested elsewhere. */
export function modelOf(plan: GcpPlan): GcpModel & { groups: [Group & { autoscaler: AutoscalerModel }] } {
  return {
    ...PLACE,
    buckets: [{ name: BUCKET }],
    objects: [],
    secrets: [],
    serviceAccounts: [],
    roles: [],
    bindings: [],
    functions: [PRUNER],
    jobs: [],
    groups: [groupOf(plan)],
  };
}

function groupOf({ size, min, max, zones }: GcpPlan): Group & { autoscaler: AutoscalerModel } {
  return {
    name: GROUP,
    baseInstanceName: GROUP,
    zones: ['b', 'c', 'd'].slice(0, zones).map((letter) => `${PLACE.region}-${letter}`),
    description: '',
    targetSize: size,
    paginated: true,
    repairs: true,
    autoscaler: { name: GROUP, min, max, mode: 'ONLY_SCALE_OUT', target: 0.5, initializationMs: 30_000 },
    template: {
      name: 'chaos-1',
      machineType: 'c4-standard-2',
      metadata: {},
      labels: { 'ebbtide-pool': POOL },
      serviceAccount: { email: NODE_ACCOUNT, scopes: ['https://www.googleapis.com/auth/cloud-platform'] },
      spot: false,
      onHostMaintenance: 'MIGRATE',
    },
  };
}

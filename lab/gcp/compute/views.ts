import type { Autoscaler } from './autoscaler.ts';
import { fingerprintOf, type Instance, numericId } from './instance.ts';
import type { ManagedGroup } from './managed-group.ts';
import type { Operation } from './operations.ts';

/** Where everything of this twin is, as Google links to it. */
export interface Whereabouts {
  project: string;
  projectNumber: string;
  region: string;
}

const ROOT = 'https://www.googleapis.com/compute/v1/';

export function instancePath({ project }: Whereabouts, { zone, name }: Instance): string {
  return `projects/${project}/zones/${zone}/instances/${name}`;
}

export function groupPath({ project, region }: Whereabouts, name: string): string {
  return `projects/${project}/regions/${region}/instanceGroupManagers/${name}`;
}

export function autoscalerPath({ project, region }: Whereabouts, name: string): string {
  return `projects/${project}/regions/${region}/autoscalers/${name}`;
}

export function instanceView(place: Whereabouts, instance: Instance): object {
  const { name, id, zone, template, labels, metadata, status } = instance;
  const created = new Date(instance.createdAt).toISOString();
  const at = `${ROOT}projects/${place.project}/`;
  return {
    kind: 'compute#instance',
    id,
    name,
    creationTimestamp: created,
    lastStartTimestamp: created,
    ...(instance.lastStop === undefined
      ? {}
      : { lastStopTimestamp: new Date(instance.lastStop).toISOString() }),
    zone: `${at}zones/${zone}`,
    selfLink: `${ROOT}${instancePath(place, instance)}`,
    machineType: `${at}zones/${zone}/machineTypes/${template.machineType}`,
    status,
    labels,
    labelFingerprint: fingerprintOf(labels),
    metadata: {
      kind: 'compute#metadata',
      fingerprint: fingerprintOf(metadata),
      items: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    },
    networkInterfaces: [{ kind: 'compute#networkInterface', name: 'nic0', networkIP: '127.0.0.1' }],
    serviceAccounts: template.serviceAccount === undefined ? [] : [template.serviceAccount],
    scheduling: {
      onHostMaintenance: template.onHostMaintenance,
      automaticRestart: !template.spot,
      preemptible: template.spot,
      provisioningModel: template.spot ? 'SPOT' : 'STANDARD',
    },
    deletionProtection: false,
  };
}

export function managedInstanceView(place: Whereabouts, instance: Instance): object {
  const { name, id, action, status, template } = instance;
  return {
    name,
    id,
    instance: `${ROOT}${instancePath(place, instance)}`,
    instanceStatus: status,
    currentAction: action,
    version: { instanceTemplate: templateLink(place, template.name) },
  };
}

export function groupView(place: Whereabouts, managed: ManagedGroup): object {
  const { group } = managed;
  const members = managed.members();
  const count = (action: Instance['action']) => members.filter((each) => each.action === action).length;
  return {
    kind: 'compute#instanceGroupManager',
    id: numericId(groupPath(place, group.name)),
    name: group.name,
    ...(group.description === '' ? {} : { description: group.description }),
    region: `${ROOT}projects/${place.project}/regions/${place.region}`,
    selfLink: `${ROOT}${groupPath(place, group.name)}`,
    instanceGroup: `${ROOT}projects/${place.project}/regions/${place.region}/instanceGroups/${group.name}`,
    baseInstanceName: group.baseInstanceName,
    instanceTemplate: templateLink(place, group.template.name),
    versions: [{ instanceTemplate: templateLink(place, group.template.name) }],
    targetSize: managed.targetSize(),
    listManagedInstancesResults: group.paginated ? 'PAGINATED' : 'PAGELESS',
    updatePolicy: {
      type: 'OPPORTUNISTIC',
      instanceRedistributionType: group.redistributes === true ? 'PROACTIVE' : 'NONE',
    },
    distributionPolicy: {
      zones: group.zones.map((zone) => ({ zone: `${ROOT}projects/${place.project}/zones/${zone}` })),
    },
    currentActions: {
      none: count('NONE'),
      creating: count('CREATING'),
      recreating: count('RECREATING'),
      deleting: count('DELETING'),
      abandoning: count('ABANDONING'),
    },
    status: {
      isStable: members.every(({ action }) => action === 'NONE'),
      ...(group.autoscaler === undefined
        ? {}
        : { autoscaler: `${ROOT}${autoscalerPath(place, group.autoscaler.name)}` }),
    },
  };
}

export function autoscalerView(place: Whereabouts, autoscaler: Autoscaler, group: string): object {
  const { model } = autoscaler;
  const { status, statusDetails, recommendedSize } = autoscaler.state();
  return {
    kind: 'compute#autoscaler',
    id: numericId(autoscalerPath(place, model.name)),
    name: model.name,
    region: `${ROOT}projects/${place.project}/regions/${place.region}`,
    selfLink: `${ROOT}${autoscalerPath(place, model.name)}`,
    target: `${ROOT}${groupPath(place, group)}`,
    autoscalingPolicy: {
      minNumReplicas: model.min,
      maxNumReplicas: model.max,
      coolDownPeriodSec: Math.round(model.initializationMs / 1000),
      mode: model.mode,
      cpuUtilization: { utilizationTarget: model.target, predictiveMethod: 'NONE' },
    },
    status,
    ...(statusDetails.length === 0 ? {} : { statusDetails }),
    ...(recommendedSize === undefined ? {} : { recommendedSize }),
  };
}

export function operationView({ project }: Whereabouts, operation: Operation): object {
  const { id, name, type, scope, status, error, target, targetId, user, insertedAt, endedAt } = operation;
  const where = `${ROOT}projects/${project}/${scope.kind}s/${scope.name}`;
  const inserted = new Date(insertedAt).toISOString();
  return {
    kind: 'compute#operation',
    id,
    name,
    operationType: type,
    [scope.kind]: where,
    selfLink: `${where}/operations/${name}`,
    targetLink: `${ROOT}${target}`,
    targetId,
    user,
    status,
    progress: status === 'DONE' ? 100 : 0,
    insertTime: inserted,
    startTime: inserted,
    ...(endedAt === undefined ? {} : { endTime: new Date(endedAt).toISOString() }),
    ...(error === undefined
      ? {}
      : {
          error: { errors: [{ code: error.code, message: error.message }] },
          httpErrorStatusCode: error.httpStatus,
          httpErrorMessage: 'FORBIDDEN',
        }),
  };
}

function templateLink({ project, region }: Whereabouts, name: string): string {
  return `${ROOT}projects/${project}/regions/${region}/instanceTemplates/${name}`;
}

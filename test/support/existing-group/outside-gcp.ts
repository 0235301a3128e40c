import { type Place, PROJECT_NUMBER } from '../../../lab/gcp/place.ts';
import { creatorOf } from '../../../lab/gcp/resource-types.ts';
import type { Inputs, RecordedResource } from '../../../lab/pulumi/resource.ts';

const PLACE: Place = { project: 'ebbtide-lab', projectNumber: PROJECT_NUMBER, region: 'europe-west1' };

export const THEIR_GROUP = 'their-media';
export const THEIR_ACCOUNT = `their-nodes@${PLACE.project}.iam.gserviceaccount.com`;

/** A startup script of machines that know nothing of Ebbtide. */
const PLAIN = '#!/bin/bash\ntrue\n';

/** A group as somebody else made it: with what it needs, in a project in which Ebbtide has not been. */
export function theirGroup(): RecordedResource[] {
  const { region } = PLACE;
  const account = made('gcp:serviceaccount/account:Account', { accountId: 'their-nodes' });
  const template = made('gcp:compute/regionInstanceTemplate:RegionInstanceTemplate', {
    name: THEIR_GROUP,
    machineType: 'n2-standard-4',
    metadata: { 'startup-script': PLAIN },
    serviceAccount: {
      email: THEIR_ACCOUNT,
      scopes: ['https://www.googleapis.com/auth/cloud-platform'],
    },
  });
  const group = made('gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager', {
    name: THEIR_GROUP,
    region,
    baseInstanceName: THEIR_GROUP,
    versions: [{ instanceTemplate: template.outputs.selfLink }],
    updatePolicy: { type: 'OPPORTUNISTIC', minimalAction: 'REPLACE', instanceRedistributionType: 'NONE' },
    listManagedInstancesResults: 'PAGINATED',
    targetSize: 1,
  });
  const autoscaler = made('gcp:compute/regionAutoscaler:RegionAutoscaler', {
    name: 'their-scaler',
    region,
    target: group.id,
    autoscalingPolicy: { mode: 'ON', minReplicas: 1, maxReplicas: 3, cpuUtilization: { target: 0.5 } },
  });
  return [account, template, group, autoscaler];
}

function made(type: string, inputs: Inputs): RecordedResource {
  const create = creatorOf(type);
  if (create === undefined) throw new Error(`the twin Google Cloud does not know ${type}`);
  const { id, outputs } = create(inputs, `outside ${type}::their-media`, { ...PLACE, functionUrl: '' });
  return { type, name: 'their-media', id, inputs, outputs: { ...inputs, ...outputs } };
}

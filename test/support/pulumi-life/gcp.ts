import assert from 'node:assert/strict';
import type { GcpTwin } from '../../../lab/gcp/gcp-twin.ts';
import { startLocalGcp } from '../../../lab/local-stack/gcp-cloud.ts';
import { outOfOrder } from '../out-of-order.ts';
import { decisionBy } from './decided.ts';
import type { LifeRow } from './row.ts';
import { bucketOf } from './status.ts';

/** What Pulumi knows the pool's things by. */
const POOL = 'media.ebbtide-lab.europe-west1';
const BUCKET = 'gcp:storage/bucket:Bucket';

export const GCP_LIFE: LifeRow<GcpTwin> = {
  name: 'gcp',
  start: startLocalGcp,
  types: { group: 'gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager', bucket: BUCKET },
  resources: 50,
  // Each names a thing by what Google gives it: an account's address, when the bucket was made, a role's or a network's full name, the function's own
  // address, which user-data and the schedule name too, the generation of its source.
  unknownAtFirst: [
    'BucketIAMMember.member',
    'BucketIAMMember.role',
    'Firewall.network',
    'Firewall.targetServiceAccounts',
    'Function.buildConfig',
    'Function.serviceConfig',
    'IAMCustomRole.roleId',
    'IAMMember.member',
    'IAMMember.role',
    'Job.httpTarget',
    'RegionAutoscaler.target',
    'RegionInstanceGroupManager.versions',
    'RegionInstanceTemplate.metadata',
    'RegionInstanceTemplate.networkInterfaces',
    'RegionInstanceTemplate.serviceAccount',
    'RepositoryIamMember.member',
    'RepositoryIamMember.repository',
    'SecretIamMember.member',
    'SecretIamMember.secretId',
    'SecretVersion.secret',
    'ServiceIamMember.member',
    'Subnetwork.network',
  ],
  fixed: [
    {
      what: 'another list of zones',
      key: 'ebbtide:pool',
      setting: { zones: ['europe-west1-b', 'europe-west1-c'] },
      says: /another list of zones is another pool/,
    },
  ],
  servesAfterUp: false,
  touched: {
    target: [`gcp:compute:RegionAutoscaler ${POOL}-group-cpu`],
    max: [`gcp:compute:RegionAutoscaler ${POOL}-group-cpu`],
    // A template is never changed: another one comes, and the one before goes.
    template: [
      `gcp:cloudfunctionsv2:Function ${POOL}-pruner`,
      `gcp:compute:RegionInstanceGroupManager ${POOL}-group`,
      `gcp:compute:RegionInstanceTemplate ${POOL}-template`,
    ],
  },
  target: (twin) => {
    const target = twin.groups()[0]?.group.autoscaler?.target;
    return target && Math.round(target * 100);
  },
  template: (twin) => twin.groups()[0]?.group.template.name,
  refusal: {
    busy: /ebbtide-media-[a-z0-9]{4} \(europe-west1-., [^)]*\): serving, 1 rooms, 2 people/,
    drainFirst: /To drain first:/,
  },
  stopEnding: ({ faults }) => outOfOrder(faults, { service: 'run', action: 'ebbtide-media-pruner' }),
  letGo(rig, node) {
    const { twin } = rig.cloud;
    const machine = twin.machines().find(({ name, isGone }) => name === node && !isGone)?.id;
    assert.ok(machine);
    // So many are enough: its place is not taken when it leaves.
    twin.setDesiredCapacity(rig.inService().length - 1);
    twin.putObject(bucketOf(rig, BUCKET), `decisions/${node}.json`, decisionBy('pruner', { node, machine }));
  },
  giveUp: ({ cloud: { twin } }, node) => twin.abandon(node),
  holdDestroy: ({ faults }) => outOfOrder(faults, { service: 'compute', action: 'regionAutoscalers.patch' }),
};

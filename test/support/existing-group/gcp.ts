import assert from 'node:assert/strict';
import { POOL_LABEL } from '../../../fleet/gcp/compute.ts';
import type { GcpTwin } from '../../../lab/gcp/gcp-twin.ts';
import { startLocalGcp } from '../../../lab/local-stack/gcp-cloud.ts';
import { outOfOrder } from '../out-of-order.ts';
import { THEIR_ACCOUNT, THEIR_GROUP, theirGroup } from './outside-gcp.ts';
import type { LoanRow } from './row.ts';

export const GCP_LOAN: LoanRow<GcpTwin> = {
  name: 'gcp',
  start: (options) => startLocalGcp(options, theirGroup()),
  settings: {
    'ebbtide:pool': { name: 'media', existingGroup: THEIR_GROUP, min: 1 },
    'ebbtide:gcp': { nodeAccount: THEIR_ACCOUNT },
    'ebbtide:scaling': { warmUp: '2s', coolDown: '1s', lowFor: '1s' },
  },
  bucket: 'gcp:storage/bucket:Bucket',
  rules: (twin) => ({ mode: twin.autoscalerMode(), moves: groupOf(twin).group.redistributes ?? false }),
  assertBorrowed: (twin) => assert.equal(twin.autoscalerMode(), 'ONLY_SCALE_OUT'),
  refusal: {
    spoil: (twin) => redistribute(twin, true),
    mend: (twin) => redistribute(twin, false),
    says: /it redistributes machines between zones \(PROACTIVE\)/,
  },
  // The mode is set by then.
  failHalfway: ({ faults }) => outOfOrder(faults, { service: 'storage' }),
  takeBack: (twin) => twin.setAutoscalerMode('ON'),
  bootWith(twin, script) {
    const group = groupOf(twin);
    const { template } = group.group;
    group.change({
      ...group.group,
      template: {
        ...template,
        name: 'their-media-2',
        labels: { ...template.labels, [POOL_LABEL]: 'media' },
        metadata: { ...template.metadata, 'startup-script': script },
      },
    });
  },
  // The pruner counts only those of which it is known that they serve.
  shrink: (twin) => twin.setDesiredCapacity(1),
  leaving: (node) => new RegExp(`${node} \\(europe-west1-., RUNNING\\): draining, 1 rooms, 1 people`),
};

function redistribute(twin: GcpTwin, redistributes: boolean): void {
  const group = groupOf(twin);
  group.change({ ...group.group, redistributes });
}

function groupOf(twin: GcpTwin) {
  const [only] = twin.groups();
  return only ?? assert.fail('no group');
}

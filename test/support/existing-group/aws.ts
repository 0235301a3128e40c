import assert from 'node:assert/strict';
import type { AwsTwin } from '../../../lab/aws/aws-twin.ts';
import { startLocalAws } from '../../../lab/local-stack/aws-cloud.ts';
import { renderCloudConfig } from '../../../stacks/user-data.ts';
import { outOfOrder } from '../out-of-order.ts';
import { THEIR_GROUP, THEIR_ROLE, theirGroup } from './outside-aws.ts';
import type { LoanRow } from './row.ts';

export const AWS_LOAN: LoanRow<AwsTwin> = {
  name: 'aws',
  start: (options) => startLocalAws(options, theirGroup()),
  settings: {
    'ebbtide:pool': { name: 'media', existingGroup: THEIR_GROUP },
    'ebbtide:aws': { nodeRole: THEIR_ROLE },
    'ebbtide:scaling': { warmUp: '2s', coolDown: '1s' },
  },
  bucket: 'aws:s3/bucket:Bucket',
  rules(twin) {
    const { terminationPolicies, terminateHookAbandon, enabledMetrics, suspended, hooks, ownTags } =
      groupOf(twin).group;
    return { terminationPolicies, terminateHookAbandon, enabledMetrics, suspended, hooks, ownTags };
  },
  assertBorrowed(twin) {
    const { terminationPolicies, terminateHookAbandon, hooks } = groupOf(twin).group;
    assert.match(terminationPolicies[0] ?? '', /:function:ebbtide-media-termination-policy$/);
    assert.equal(terminateHookAbandon, 'retain');
    assert.deepEqual(
      hooks.map(({ name }) => name),
      ['ebbtide-media-terminate'],
    );
  },
  refusal: {
    spoil(twin) {
      const hook = { name: 'stop', transition: 'terminating', timeoutMs: 60_000 } as const;
      groupOf(twin).change({ hooks: [{ ...hook, defaultResult: 'CONTINUE' }] });
    },
    mend: (twin) => groupOf(twin).change({ hooks: [] }),
    says: /its terminate hook stop also does something to machines that leave/,
  },
  failHalfway: ({ faults }) =>
    outOfOrder(faults, { service: 'autoscaling', action: 'EnableMetricsCollection' }),
  takeBack: (twin) => groupOf(twin).change({ terminationPolicies: ['OldestInstance', 'Default'] }),
  bootWith(twin, script) {
    const path = '/opt/theirs/ebbtide-node.sh';
    const userData = renderCloudConfig([{ path, permissions: '0755', content: script.trimEnd() }]).replace(
      /runcmd:[\s\S]*/,
      `runcmd:\n  - [/bin/bash, ${path}]\n`,
    );
    const group = groupOf(twin);
    group.change({ template: { ...group.group.template, version: '2', userData } });
  },
  shrink: (twin) => twin.setDesiredCapacity(2),
  leaving: (node) => new RegExp(`${node} \\(eu-west-1a, Terminating:Wait\\): draining, 1 rooms, 1 people`),
};

function groupOf(twin: AwsTwin) {
  const [only] = twin.groups();
  return only ?? assert.fail('no group');
}

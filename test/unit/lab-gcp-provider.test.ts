import assert from 'node:assert/strict';
import { creatorOf } from '../../lab/gcp/resource-types.ts';
import { GCP_RULES } from '../../lab/gcp/type-rules.ts';
import { diffInputs } from '../../lab/pulumi/provider/plan.ts';
import { NO_RULES } from '../../lab/pulumi/provider/type-rules.ts';

const GROUP = 'gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager';
const PLACE = { project: 'p', projectNumber: '1', region: 'europe-west1', functionUrl: 'http://127.0.0.1:1' };

describe("what Google's provider does, as the twin has it", () => {
  it('deletes a group first whose zones, region, project or text change: its name is taken', () => {
    const there = { name: 'ebbtide-media', distributionPolicyZones: ['europe-west1-b'], description: 'one' };
    for (const [member, value] of [
      ['distributionPolicyZones', ['europe-west1-c']],
      ['region', 'europe-west4'],
      ['project', 'other'],
      ['description', 'two'],
    ] as const) {
      const { replaces, deleteBeforeReplace } = diffInputs(GCP_RULES[GROUP] ?? NO_RULES, there, {
        ...there,
        [member]: value,
      });
      assert.deepEqual([replaces, deleteBeforeReplace], [[member], true]);
    }
  });

  it('changes a group where it stands for another template or shape', () => {
    const there = { name: 'ebbtide-media', versions: [1], distributionPolicyTargetShape: 'EVEN' };
    const news = { ...there, versions: [2], distributionPolicyTargetShape: 'BALANCED' };
    assert.deepEqual(diffInputs(GCP_RULES[GROUP] ?? NO_RULES, there, news).replaces, []);
  });

  it('refuses an alert on a metric that was made just now, but for PromQL that is not to be looked at', () => {
    const create = creatorOf('gcp:monitoring/alertPolicy:AlertPolicy');
    const metric = 'logging.googleapis.com/user/ebbtide-media-stale';
    const query = `sum(increase({"${metric}"}[2m])) > 0`;
    const alert = (condition: unknown) => create?.({ conditions: [condition] }, 'seed', PLACE);
    const unknown = /404: Cannot find metric\(s\) that match type = ".*ebbtide-media-stale"/;
    assert.throws(() => alert({ conditionThreshold: { filter: `metric.type="${metric}"` } }), unknown);
    assert.throws(() => alert({ conditionPrometheusQueryLanguage: { query } }), unknown);
    assert.ok(alert({ conditionPrometheusQueryLanguage: { query, disableMetricValidation: true } }));
  });
});

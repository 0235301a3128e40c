import assert from 'node:assert/strict';
import * as v from 'valibot';
import { prunerSettingsSchema } from '../../fleet/gcp-function-settings.ts';
import type { ProgramRun } from './stacks-mocks.ts';
import { ALERT, FUNCTION, NAMES, run } from './support/gcp-pool.ts';

describe('the GCP pool', () => {
  let made: ProgramRun;
  before(async () => {
    made = await run();
  });

  it('makes one pruner, built and run by accounts of its own, from a source that is pinned', () => {
    const { buildConfig, serviceConfig, ...inputs } = made.one(FUNCTION).inputs;
    assert.deepEqual(inputs, {
      name: 'ebbtide-media-pruner',
      location: 'europe-west1',
      description: 'Takes machines out of the group ebbtide-media',
    });
    const email = (account: string) => `${account}@my-project.iam.gserviceaccount.com`;
    assert.deepEqual(buildConfig, {
      runtime: 'nodejs22',
      entryPoint: 'prune',
      serviceAccount: `projects/my-project/serviceAccounts/${email(NAMES.builderAccount)}`,
      dockerRepository: 'media.my-project.europe-west1-pruner-build-images-id',
      source: {
        storageSource: {
          bucket: NAMES.bucket,
          object: 'functions/pruner-dddddddddddddddd.zip',
          generation: 17,
        },
      },
    });
    const { environmentVariables, ...service } = Object(serviceConfig);
    assert.deepEqual(service, {
      serviceAccountEmail: email(NAMES.prunerAccount),
      maxInstanceCount: 1,
      maxInstanceRequestConcurrency: 80,
      availableCpu: '1',
      availableMemory: '256Mi',
      timeoutSeconds: 210,
      ingressSettings: 'ALLOW_ALL',
    });
    const { currentTemplate, ...told } = v.parse(
      prunerSettingsSchema,
      JSON.parse(environmentVariables.EBBTIDE_SETTINGS),
    );
    assert.match(String(currentTemplate), /^[0-9a-f]{12}$/);
    assert.deepEqual(told, {
      pool: 'media',
      project: 'my-project',
      region: 'europe-west1',
      group: 'ebbtide-media',
      autoscaler: 'ebbtide-media',
      bucket: NAMES.bucket,
      minServing: 1,
      maxDrains: 3,
      coolDownMs: 60_000,
      warmUpMs: 120_000,
      lowForMs: 120_000,
      warnAfterMs: 14_400_000,
    });
  });

  it('wakes the pruner each minute, as somebody whom it knows', () => {
    const url = 'https://ebbtide-media-pruner.a.run.app';
    assert.deepEqual(made.one('gcp:cloudscheduler/job:Job').inputs, {
      name: 'ebbtide-media-pruner',
      region: 'europe-west1',
      description: 'Wakes the function ebbtide-media-pruner',
      schedule: '* * * * *',
      timeZone: 'Etc/UTC',
      attemptDeadline: '210s',
      retryConfig: { retryCount: 0 },
      httpTarget: {
        httpMethod: 'POST',
        uri: url,
        oidcToken: {
          serviceAccountEmail: `${NAMES.schedulerAccount}@my-project.iam.gserviceaccount.com`,
          audience: url,
        },
      },
    });
  });

  it('raises an alert for whatever an operator must hear of', async () => {
    const channel = 'projects/my-project/notificationChannels/7';
    const alerted = await run({ alarms: { notify: [channel, 'on-call@example.org'] } });
    const alerts = alerted.resources.filter(({ type }) => type === ALERT);
    const lines = alerted.resources.filter(({ type }) => type === 'gcp:logging/metric:Metric');
    const log =
      'resource.type="cloud_run_revision" AND resource.labels.service_name="ebbtide-media-pruner" AND ';
    const filters = lines.map(({ inputs }) => [inputs.name, String(inputs.filter).replace(log, '')]);
    const name = (what: string) => `ebbtide-media-${what}-europe-west1`;
    assert.deepEqual(
      filters.sort(),
      [
        [name('stale'), 'jsonPayload.event="pruner" AND jsonPayload.StaleNodes>=1'],
        [
          name('unknown'),
          'jsonPayload.event=("found-announced-unknown" OR "found-decision-unknown" OR "found-unknown")',
        ],
        [name('overdue'), 'jsonPayload.event="pruner" AND jsonPayload.OverdueDrains>=1'],
        [name('ceiling'), 'jsonPayload.event=("found-node-ceiling-reached")'],
        [name('calls-cut'), 'jsonPayload.event=("found-node-calls-cut")'],
        [name('calls-lost'), 'jsonPayload.event=("found-calls-lost" OR "found-node-calls-lost")'],
        [name('refused'), 'jsonPayload.event=("found-scale-in-refused")'],
        [name('stuck'), 'jsonPayload.event=("found-empty-kept" OR "found-not-deleted" OR "found-unheard")'],
        [name('alarming'), 'jsonPayload.event="pruner" AND jsonPayload.AlarmingNodes>=1'],
        [name('retained'), 'jsonPayload.event="pruner" AND jsonPayload.RetainedNodes>=1'],
        [
          name('cramped'),
          'jsonPayload.event=("found-account-unknown" OR "found-cannot-grow" OR "found-recommendation-unknown")',
        ],
        [name('pruner-fails'), 'jsonPayload.level="error"'],
        [name('pruner-silent'), 'jsonPayload.event="pruner"'],
      ].sort(),
    );
    const conditions = alerts.map(({ inputs }) => {
      assert.deepEqual(inputs.notificationChannels, [
        channel,
        'media.my-project.europe-west1-alerts-to-on-call@example.org-id',
      ]);
      const [{ conditionPrometheusQueryLanguage: condition }] = Object(inputs.conditions);
      const { query, duration, evaluationInterval, disableMetricValidation } = condition;
      assert.deepEqual([evaluationInterval, disableMetricValidation], ['60s', true]);
      return [query, duration];
    });
    const [apart] = lines.flatMap(({ inputs }) => (inputs.labelExtractors === undefined ? [] : [inputs]));
    assert.equal(apart?.name, name('unknown'), 'why it is unknown is told with it');
    assert.deepEqual(apart.labelExtractors, { reason: 'EXTRACT(jsonPayload.reason)' });
    assert.deepEqual(Object(apart.metricDescriptor).labels, [{ key: 'reason', valueType: 'STRING' }]);
    const count = (what: string, by = '') =>
      `sum${by}(increase({"logging.googleapis.com/user/${name(what)}", monitored_resource="cloud_run_revision"}[2m]))`;
    assert.deepEqual(
      conditions.sort(),
      [
        [`(${count('pruner-silent')} or vector(0)) < 0.5`, '240s'],
        [`${count('alarming')} > 0`, '120s'],
        [`${count('calls-cut')} > 0`, '60s'],
        [`${count('calls-lost')} > 0`, '60s'],
        [`${count('ceiling')} > 0`, '60s'],
        [`${count('cramped')} > 0`, '120s'],
        [`${count('overdue')} > 0`, '60s'],
        [`${count('pruner-fails')} > 0`, '120s'],
        [`${count('refused')} > 0`, '1740s'],
        [`${count('retained')} > 0`, '240s'],
        [`${count('stale')} > 0`, '120s'],
        [`${count('stuck')} > 0`, '120s'],
        [`${count('unknown', ' by (reason) ')} > 0`, '240s'],
      ].sort(),
    );
  });
});

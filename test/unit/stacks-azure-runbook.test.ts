import assert from 'node:assert/strict';
import { azureRunbook } from '../../stacks/bundle.ts';
import { isoDuration } from '../../stacks/iso-duration.ts';
import type { ProgramRun } from './stacks-mocks.ts';
import { SUBSCRIPTION } from './stacks-mocks-azure.ts';
import {
  ACTION_GROUP,
  AUTOSCALE,
  azureUnderMocks,
  BLOB,
  EACH_HOUR,
  METRIC_ALERT,
  NAMES,
  RUNBOOK,
  run,
  SCHEDULED,
  toldTo,
  WORKFLOW,
} from './support/azure-pool.ts';
import { ofType, promiseOf } from './support/program-run.ts';

describe('the Azure pool', () => {
  const azure = azureUnderMocks();

  describe('growth', () => {
    const profileOf = (of: ProgramRun) => Object(of.one(AUTOSCALE).inputs.profiles)[0];

    it('has rules that grow the set only, and room for those that drain', () => {
      const { capacity, rules } = profileOf(azure.made);
      assert.deepEqual(capacity, { minimum: '1', maximum: '6', default: '1' });
      assert.deepEqual(
        rules.map(
          ({ metricTrigger: { statistic, operator, threshold, timeWindow }, scaleAction }: never) => ({
            statistic,
            operator,
            threshold,
            timeWindow,
            ...Object(scaleAction),
          }),
        ),
        [
          ['Average', 50, 'PT2M'],
          ['Max', 75, 'PT15M'],
        ].map(([statistic, threshold, cooldown]) => ({
          statistic,
          operator: 'GreaterThan',
          threshold,
          timeWindow: 'PT5M',
          direction: 'Increase',
          type: 'ChangeCount',
          value: '1',
          cooldown,
        })),
      );
    });

    const READ_SET = 'azure-native:compute:getVirtualMachineScaleSet';
    const thereAre = (...capacities: number[]) => ({
      answers: {
        [READ_SET]: () => ({
          tags: { 'ebbtide-pool': 'media' },
          sku: { capacity: capacities.length > 1 ? capacities.shift() : capacities[0] },
        }),
      },
    });

    it('never has a maximum below what there is: Azure would delete what is beyond it', async () => {
      const small = { pool: { name: 'media', max: 2 }, scaleIn: { maxDrains: 1 } };
      const maximumOf = async (...capacities: number[]) =>
        profileOf(await run(small, thereAre(...capacities))).capacity.maximum;
      assert.deepEqual(
        [await maximumOf(2), await maximumOf(3), await maximumOf(4), await maximumOf(40)],
        ['3', '3', '4', '40'],
      );
      // Nor below what has come while the rest was made.
      assert.equal(await maximumOf(4, 5, 6), '6');
    });

    it('takes bigger steps in a bigger pool, and waits by the fullest for longer than the runbook needs', async () => {
      const big = await run({
        pool: { name: 'media', min: 10, max: 200 },
        scaling: { target: 80, lowFor: '1h', warmUp: '10s' },
      });
      const [mean, fullest] = profileOf(big).rules;
      assert.deepEqual([mean.scaleAction.value, mean.scaleAction.cooldown], ['20', 'PT1M']);
      assert.deepEqual([fullest.scaleAction.value, fullest.scaleAction.cooldown], ['1', 'PT65M']);
      assert.equal(fullest.metricTrigger.threshold, 90);
    });

    it('is left to the operator where they say so, and no load is watched', async () => {
      const none = await run({ scaling: { kind: 'none' } });
      assert.deepEqual([...ofType(none, AUTOSCALE), ...ofType(none, ACTION_GROUP)], []);
      assert.deepEqual(
        ofType(none, METRIC_ALERT).map(({ name }) => name),
        ['media-alerts-jobs-fail'],
      );
      assert.equal(toldTo(none.one(SCHEDULED, EACH_HOUR).inputs.parameters).targetCpu, undefined);
    });
  });

  describe('the runbook', () => {
    it('is Python of a version that is pinned, from an address that gives nothing else', () => {
      const { inputs, secrets } = azure.made.one(RUNBOOK);
      assert.equal(inputs.runbookType, 'Python');
      const runtime = azure.made.one('azure-native:automation:RuntimeEnvironment').inputs;
      assert.deepEqual([runtime.language, runtime.version], ['Python', '3.10']);
      assert.equal(inputs.runtimeEnvironment, runtime.runtimeEnvironmentName);
      const blob = 'scale-in-ffffffffffffffff.py';
      assert.deepEqual(inputs.publishContentLink, {
        uri: `https://${NAMES.storage}.blob.core.windows.net/software/${blob}?sig=of:/blob/${NAMES.storage}/software/${blob}`,
        contentHash: { algorithm: 'SHA256', value: 'F'.repeat(64) },
        version: 'f'.repeat(16),
      });
      assert.deepEqual(secrets, ['publishContentLink']);
      assert.equal(azure.made.one(BLOB, 'media-scale-in-text').inputs.blobName, blob);
    });

    it('runs as an identity of its own, and is told the same by whoever wakes it', async () => {
      const account = azure.made.one('azure-native:automation:AutomationAccount').inputs;
      assert.deepEqual(account.identity, {
        type: 'UserAssigned',
        userAssignedIdentities: ['media-runbook-id'],
      });
      const told = toldTo(azure.made.one(SCHEDULED, EACH_HOUR).inputs.parameters);
      assert.deepEqual(told, {
        pool: 'media',
        scaleSet: NAMES.scaleSetId,
        store: `https://${NAMES.storage}.blob.core.windows.net`,
        minServing: 1,
        maxDrains: 3,
        coolDownMs: 60_000,
        warmUpMs: 120_000,
        lowForMs: 600_000,
        warnAfterMs: 14_400_000,
        targetCpu: 0.5,
        currentTemplate: await promiseOf(azure.made.outputs.template),
        identityClientId: 'client of ebbtide-media-runbook',
      });
      const { actions } = Object(azure.made.one(WORKFLOW).inputs.definition);
      assert.deepEqual(Object.keys(actions), ['start_job']);
      const { method, uri, body, authentication } = actions.start_job.inputs;
      assert.deepEqual(
        [method, uri],
        ['PUT', 'https://management.azure.commedia-scale-in-id/jobs/@{guid()}?api-version=2023-11-01'],
      );
      assert.equal(body.properties.runbook.name, 'ebbtide-media-scale-in');
      assert.deepEqual(toldTo(body.properties.parameters), told);
      assert.deepEqual(authentication, {
        type: 'ManagedServiceIdentity',
        identity: 'media-wake-id',
        audience: 'https://management.azure.com/',
      });
    });

    it('is woken each quarter of an hour, since Azure’s schedules are at least an hour apart', () => {
      const schedules = ofType(azure.made, 'azure-native:automation:Schedule');
      assert.deepEqual(
        schedules.map(({ inputs: { frequency, interval, startTime } }) => [
          frequency,
          interval,
          String(startTime).slice(14),
        ]),
        ['00', '15', '30', '45'].map((minute) => ['Hour', 1, `${minute}:00.000Z`]),
      );
      assert.deepEqual(
        ofType(azure.made, SCHEDULED).map(({ inputs }) => Object(inputs.schedule).name),
        schedules.map(({ inputs }) => inputs.scheduleName),
      );
    });

    it('is woken by links that are made anew whenever the runbook is written, or what it is told is another', async () => {
      const idsOf = (of: ProgramRun) => ofType(of, SCHEDULED).map(({ inputs }) => inputs.jobScheduleId);
      const otherKey = {
        answers: {
          'azure-native:storage:listStorageAccountServiceSAS': () => ({ serviceSasToken: 'sig=other' }),
        },
      };
      const ids = [
        azure.made,
        await run({ scaleIn: { maxDrains: 2 } }),
        await run({ azure: { tags: { a: 'b' } } }),
        // The account's key was renewed: so is the address that the runbook is read from, and the runbook is written.
        await run({}, otherKey),
      ].flatMap(idsOf);
      assert.equal(ids.length, 16);
      assert.equal(new Set(ids).size, ids.length);
    });

    it('is woken for as long as the load is low, by an alert that does not remember', () => {
      const { criteria, autoMitigate, actions, scopes } = azure.made.one(
        METRIC_ALERT,
        'media-low-load',
      ).inputs;
      assert.equal(autoMitigate, false);
      assert.deepEqual(scopes, ['media-set-id']);
      const [{ operator, threshold, metricName, timeAggregation }] = Object(criteria).allOf;
      assert.deepEqual(
        [operator, threshold, metricName, timeAggregation],
        ['LessThan', 40, 'Percentage CPU', 'Average'],
      );
      assert.deepEqual(actions, [{ actionGroupId: 'media-low-load-wakes-id' }]);
      const [receiver] = Object(azure.made.one(ACTION_GROUP).inputs.logicAppReceivers);
      assert.equal(receiver.resourceId, 'media-wake-id');
      assert.match(receiver.callbackUrl, /^https:\/\/logic\.example\/ebbtide-media-wake\/woken\?/);
    });
  });

  it('calls for a person, wherever they are to hear it', async () => {
    const group = `/subscriptions/${SUBSCRIPTION}/resourceGroups/r/providers/Microsoft.Insights/actionGroups/on-call`;
    const watched = await run({ alarms: { notify: [group, 'a@example.org', 'b@example.org'] } });
    const rules = ofType(watched, 'azure-native:monitor:ScheduledQueryRule');
    assert.deepEqual(
      rules.map(({ inputs }) => inputs.ruleName).sort(),
      [
        'stale',
        'unknown',
        'overdue',
        'ceiling',
        'calls-cut',
        'calls-lost',
        'refused',
        'stuck',
        'alarming',
        'runbook-fails',
        'runbook-silent',
      ]
        .map((name) => `ebbtide-media-${name}`)
        .sort(),
    );
    const finds = [...azureRunbook().code.matchAll(/found\["([a-z-]+)"\] = /g)].map(([, finding]) => finding);
    assert.deepEqual(
      finds.filter(
        (finding) => !rules.some(({ inputs }) => JSON.stringify(inputs).includes(`found-${finding}`)),
      ),
      [],
      'nobody hears of these',
    );
    for (const { inputs } of rules) {
      const [{ query }] = Object(inputs.criteria).allOf;
      assert.deepEqual(inputs.actions, { actionGroups: [group, 'media-alerts-people-id'] });
      const [{ operator, threshold }] = Object(inputs.criteria).allOf;
      if (inputs.ruleName === 'ebbtide-media-runbook-silent')
        assert.match(query, /where event == "scale-in"$/, 'who waits for another has seen nothing');
      const isSilent = inputs.ruleName === 'ebbtide-media-runbook-silent';
      const isRefused = inputs.ruleName === 'ebbtide-media-refused';
      assert.deepEqual(
        [operator, threshold],
        isSilent ? ['LessThan', 1] : ['GreaterThan', isRefused ? 3 : 0],
      );
      assert.equal(inputs.windowSize, isSilent ? 'PT1H' : 'PT2H');
      const [{ dimensions }] = Object(inputs.criteria).allOf;
      const isUnknown = inputs.ruleName === 'ebbtide-media-unknown';
      assert.deepEqual(
        dimensions,
        isUnknown ? [{ name: 'reason', operator: 'Include', values: ['*'] }] : undefined,
        'why it is unknown is told with it',
      );
    }
    assert.deepEqual(
      Object(watched.one(ACTION_GROUP, 'media-alerts-people').inputs.emailReceivers).map(
        ({ emailAddress }: { emailAddress: string }) => emailAddress,
      ),
      ['a@example.org', 'b@example.org'],
    );
    assert.deepEqual(watched.one(METRIC_ALERT, 'media-alerts-jobs-fail').inputs.actions, [
      { actionGroupId: group },
      { actionGroupId: 'media-alerts-people-id' },
    ]);
  });

  it('keeps the runbook’s log where an earlier one of another region is not in the way, and reads it line by line', () => {
    const [workspace] = ofType(azure.made, 'azure-native:operationalinsights:Workspace');
    assert.equal(workspace?.inputs.workspaceName, 'ebbtide-media-westeurope');
    for (const { inputs } of ofType(azure.made, 'azure-native:monitor:ScheduledQueryRule')) {
      const [{ query }] = Object(inputs.criteria).allOf;
      const lines = String(query).split('\n');
      assert.equal(
        lines[3],
        '| mv-expand text = split(column_ifexists("ResultDescription", ""), "\\n") to typeof(string)',
      );
      assert.equal(lines[4], '| extend line = parse_json(text)');
      // One that finds another at work has not looked.
      assert.doesNotMatch(query, /"busy"/);
    }
  });
});

describe('durations of ISO 8601', () => {
  it('are never shorter than was meant', () => {
    assert.deepEqual([0, 500, 90_000, 60_000, 65 * 60_000].map(isoDuration), [
      'PT0S',
      'PT1S',
      'PT1M30S',
      'PT1M',
      'PT65M',
    ]);
  });
});

import assert from 'node:assert/strict';
import { createAzureClient } from '../../fleet/azure/client.ts';
import { describeSet } from '../../fleet/azure/described-set.ts';
import { type SendHttp, sendHttp } from '../../fleet/http.ts';
import type { AzureModel } from '../../lab/azure/model.ts';
import { groupProblems, groupWarnings } from '../../stacks/azure/group-rules.ts';
import { settingsReader } from '../unit/read-settings.ts';
import { GOOD_AZURE, settingsOf } from '../unit/stacks-mocks.ts';
import { NODE, poolModel, SET } from './support/azure/model.ts';
import { startTwin, type TestTwin } from './support/azure/twin.ts';
import { type Exchange, readSwagger, type Swagger } from './support/specs/swagger.ts';

const [, , subscriptionId = '', , resourceGroup = ''] = SET.split('/');
const GROUP = SET.slice(0, SET.indexOf('/providers/'));
const PLACE = { subscriptionId, resourceGroup, scaleSet: 'ebbtide-media' };
const IDENTITY = `${GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/theirs`;
const SETTINGS = '/providers/Microsoft.Insights/autoscalesettings';

/** As Azure writes an answer, with this in it or instead of it; `undefined` takes a member away. */
type Written = { [member: string]: unknown };
interface Rules {
  properties: Written & { profiles: (Written & { capacity: Written; rules: { scaleAction: Written }[] })[] };
}

describe("an operator's own scale set, as Azure tells of it", () => {
  const settings = settingsOf(
    settingsReader(GOOD_AZURE).read({
      pool: { name: 'media', existingGroup: 'ebbtide-media', max: 2 },
      azure: { resourceGroup },
    }).settings,
    'azure',
  );
  let swagger: Swagger | undefined;
  let world: TestTwin;
  let model: AzureModel;
  const exchanges: Exchange[] = [];

  before(async () => {
    swagger = await readSwagger([
      'compute/resource-manager/Microsoft.Compute/ComputeRP/stable/2024-03-01/virtualMachineScaleSet.json',
      'compute/resource-manager/Microsoft.Compute/ComputeRP/stable/2024-03-01/computeRPCommon.json',
      'monitor/resource-manager/Microsoft.Insights/stable/2022-10-01/autoscale_API.json',
    ]);
    model = await poolModel({ capacity: 0, min: 0, max: 9, terminateNoticeMs: 300_000 });
    const scaleSets = model.scaleSets.map((set) => ({
      ...set,
      tags: {},
      identities: [{ ...NODE, id: IDENTITY }],
    }));
    world = await startTwin({ ...model, scaleSets, alerts: [], jobSchedules: [] });
  });
  beforeEach(() => exchanges.splice(0));
  after(() => world?.twin.close());

  /** `changed`: what of the twin's answer is another, by what is asked for. */
  async function described(
    changed: { set?: (is: Written) => void; autoscale?: (is: Rules) => void } = {},
    token = world.twin.operatorToken('https://management.azure.com/'),
  ) {
    const send: SendHttp = async (request) => {
      const answer = await sendHttp(request);
      const { pathname, search } = new URL(request.url);
      const told = JSON.parse(answer.body.toString());
      if (answer.status === 200 && pathname.endsWith('/virtualMachineScaleSets/ebbtide-media'))
        changed.set?.(told);
      if (answer.status === 200 && pathname.endsWith(SETTINGS))
        told.value.forEach(changed.autoscale ?? (() => undefined));
      const body = JSON.stringify(told);
      exchanges.push({
        ...{
          method: request.method,
          target: `${pathname}${search}`,
          headers: request.headers ?? {},
          body: '',
        },
        ...{ status: answer.status, answered: { headers: { 'content-type': 'application/json' }, body } },
      });
      return { ...answer, body: Buffer.from(body) };
    };
    const client = createAzureClient({
      base: world.twin.endpoint,
      token: async () => token,
      timeoutMs: 5_000,
      send,
    });
    const set = await describeSet(client, PLACE);
    const problems = await Promise.all(exchanges.map((exchange) => swagger?.problems(exchange) ?? []));
    assert.deepEqual(problems.flat(), [], 'Azure says no such thing');
    return set ?? assert.fail('it is there');
  }

  it('is one that ends no machine, where it is as it must be', async () => {
    const set = await described();
    assert.deepEqual(groupProblems(set, settings), []);
    assert.deepEqual(groupWarnings(set), []);
    assert.deepEqual(set.identities, [{ id: IDENTITY, principalId: NODE.principalId }]);
    assert.deepEqual(set.autoscale?.profiles, [{ name: 'growth', maximum: 9, shrinks: false }]);
    assert.deepEqual(
      exchanges.map(({ status }) => status),
      [200, 200],
    );
  });

  const properties = (of: Written) => (is: Written) => {
    is.properties = { ...Object(is.properties), ...of };
  };
  const machines = (of: Written) => (is: Written) => {
    const { virtualMachineProfile } = Object(is.properties);
    properties({ virtualMachineProfile: { ...virtualMachineProfile, ...of } })(is);
  };
  const told = (terminateNotificationProfile: Written | undefined) =>
    machines({ scheduledEventsProfile: { terminateNotificationProfile } });
  const identity = (of: unknown) => (is: Written) => {
    is.identity = of;
  };
  const identities = (...names: string[]) =>
    Object.fromEntries(
      names.map((name) => [IDENTITY.replace(/theirs$/, name), { principalId: name, clientId: name }]),
    );
  const bad: [what: string, set: (is: Written) => void, says: RegExp][] = [
    [
      'a set of the mode Flexible',
      properties({ orchestrationMode: 'Flexible' }),
      /orchestration mode is Flexible/,
    ],
    ['rolling upgrades', properties({ upgradePolicy: { mode: 'Rolling' } }), /its upgrade policy is Rolling/],
    [
      'automatic upgrades',
      properties({ upgradePolicy: { mode: 'Automatic' } }),
      /its upgrade policy is Automatic/,
    ],
    [
      'an upgrade policy that is not told',
      properties({ upgradePolicy: undefined }),
      /its upgrade policy is unknown/,
    ],
    [
      'images of its own accord',
      properties({
        upgradePolicy: { mode: 'Manual', automaticOSUpgradePolicy: { enableAutomaticOSUpgrade: true } },
      }),
      /newer images onto machines that run/,
    ],
    [
      'repairs',
      properties({
        automaticRepairsPolicy: { enabled: true, gracePeriod: 'PT10M', repairAction: 'Replace' },
      }),
      /it repairs machines/,
    ],
    ['overprovisioning', properties({ overprovision: true }), /it is overprovisioned/],
    ['overprovisioning that is not told', properties({ overprovision: undefined }), /it is overprovisioned/],
    ['spot machines', machines({ priority: 'Spot', evictionPolicy: 'Delete' }), /eviction policy Delete/],
    ['no notice', machines({ scheduledEventsProfile: undefined }), /not told before they are deleted/],
    ['an empty notice', told(undefined), /not told before they are deleted/],
    [
      'a notice that is off',
      told({ enable: false, notBeforeTimeout: 'PT5M' }),
      /--enable-terminate-notification true/,
    ],
    ['no identity', identity(undefined), /its machines have no identity \(user-assigned\)/],
    [
      'an identity of its own only',
      identity({ type: 'SystemAssigned', principalId: 'p', tenantId: 't' }),
      /its machines have no identity \(user-assigned\)/,
    ],
    [
      'two identities',
      identity({ type: 'UserAssigned', userAssignedIdentities: identities('one', 'two') }),
      /2 identities \(user-assigned\).*: one, two/,
    ],
    [
      'another region',
      (is) => {
        is.location = 'North Europe';
      },
      /it is in northeurope/,
    ],
    [
      "another pool's tag",
      (is) => {
        is.tags = { 'ebbtide-pool': 'other' };
      },
      /that of the pool other already/,
    ],
  ];
  for (const [what, set, says] of bad)
    it(`is refused for ${what}`, async () => {
      const [first, ...others] = groupProblems(await described({ set }), settings);
      assert.match(first?.says ?? '', says);
      assert.deepEqual(others, []);
    });

  const shrinking: [what: string, autoscale: (is: Rules) => void, says: RegExp][] = [
    [
      'rules that shrink it',
      ({ properties: { profiles } }) => {
        const [rule] = profiles[0]?.rules ?? [];
        assert.ok(rule);
        profiles[0]?.rules.push({ ...rule, scaleAction: { ...rule.scaleAction, direction: 'Decrease' } });
      },
      /the profile "growth" of its autoscale setting autoscale has rules that shrink it/,
    ],
    [
      'a second profile that allows fewer',
      ({ properties: { profiles } }) => {
        const [first] = profiles;
        assert.ok(first);
        profiles.push({ ...first, name: 'night', capacity: { minimum: '1', maximum: '3', default: '1' } });
      },
      /the profile "night" .* lets it have 3 machines.* it must be 5 at least/,
    ],
  ];
  for (const [what, autoscale, says] of shrinking) {
    it(`is refused for ${what}`, async () => {
      const [first, ...others] = groupProblems(await described({ autoscale }), settings);
      assert.match(first?.says ?? '', says);
      assert.deepEqual(others, []);
    });

    it(`is not refused for ${what} that is switched off, which is told`, async () => {
      const set = await described({
        autoscale(is) {
          autoscale(is);
          is.properties.enabled = false;
        },
      });
      assert.deepEqual(groupProblems(set, settings), []);
      assert.match(groupWarnings(set)[0]?.says ?? '', /is switched off, so that nothing makes it grow/);
    });
  }

  it('has the one autoscale setting that is for it', async () => {
    const set = await described({
      autoscale(is) {
        is.properties.targetResourceUri = `${SET}-other`;
      },
    });
    assert.equal(set.autoscale, undefined);
    const shouted = await described({
      autoscale(is) {
        is.properties.targetResourceUri = SET.toUpperCase();
      },
    });
    assert.equal(shouted.autoscale?.name, 'autoscale');
  });

  it('is looked at in its resource group by those who may not look beyond, who are told so', async () => {
    const actions = [
      'Microsoft.Compute/virtualMachineScaleSets/read',
      'Microsoft.Insights/autoscaleSettings/read',
    ];
    const role = {
      Name: 'look',
      Description: 'looks',
      IsCustom: true,
      Actions: actions,
      AssignableScopes: [GROUP],
    };
    const token = world.twin.personToken(
      JSON.stringify({ ...role, NotActions: [], DataActions: [], NotDataActions: [] }),
      [GROUP],
    );
    const set = await described({}, token);
    assert.equal(set.autoscale?.name, 'autoscale');
    assert.deepEqual(groupWarnings(set), []);
    const warned = groupWarnings({ ...set, autoscale: undefined });
    assert.match(warned[0]?.says ?? '', /these credentials see no others of the subscription/);
  });
});

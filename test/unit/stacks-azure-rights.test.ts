import assert from 'node:assert/strict';
import { azureNames } from '../../stacks/azure/names.ts';
import { SUBSCRIPTION } from './stacks-mocks-azure.ts';
import {
  ASSIGNMENT,
  azureUnderMocks,
  IDENTITY,
  NAMES,
  READ,
  ROLE,
  rightsOf,
  WRITE,
} from './support/azure-pool.ts';
import { ofType } from './support/program-run.ts';

describe('the Azure pool', () => {
  const azure = azureUnderMocks();

  describe('rights', () => {
    it('of a node: its containers, and no control over anything at all', () => {
      assert.deepEqual(rightsOf(azure.made, 'node'), [
        [NAMES.container('decisions'), READ],
        [NAMES.container('secrets'), READ],
        [NAMES.container('software'), READ],
        [NAMES.container('statuses'), WRITE],
      ]);
    });

    it('of the runbook: to see, protect and delete nodes of that set; statuses, decisions and its memory', () => {
      const set = 'Microsoft.Compute/virtualMachineScaleSets';
      assert.deepEqual(rightsOf(azure.made, 'runbook'), [
        [NAMES.container('decisions'), WRITE],
        [NAMES.container('memory'), WRITE],
        [NAMES.container('statuses'), READ],
        [
          'media-set-id',
          [
            `${set}/read`,
            `${set}/virtualMachines/read`,
            `${set}/virtualMachines/instanceView/read`,
            `${set}/virtualMachines/write`,
            `${set}/virtualMachines/delete`,
          ],
        ],
      ]);
    });

    it('of what wakes it: to start jobs of that account', () => {
      const jobs = 'Microsoft.Automation/automationAccounts/jobs';
      assert.deepEqual(rightsOf(azure.made, 'wake'), [
        ['media-scale-in-id', [`${jobs}/read`, `${jobs}/write`]],
      ]);
    });

    it('are given to nobody else, by roles that are all of the pool, and named by GUIDs of their own', () => {
      const identities = ofType(azure.made, IDENTITY).map(({ inputs }) => inputs.resourceName);
      assert.deepEqual(identities.sort(), [
        'ebbtide-media-node',
        'ebbtide-media-runbook',
        'ebbtide-media-wake',
      ]);
      const given = ofType(azure.made, ASSIGNMENT);
      const roles = ofType(azure.made, ROLE);
      for (const { inputs } of given) {
        assert.equal(inputs.principalType, 'ServicePrincipal');
        assert.ok(identities.includes(String(inputs.principalId).replace('principal of ', '')));
        assert.ok(
          roles.some(({ name }) => `${name}-id` === inputs.roleDefinitionId),
          'a role of Azure',
        );
      }
      const guids = [
        ...given.map(({ inputs }) => String(inputs.roleAssignmentName)),
        ...roles.map(({ inputs }) => String(inputs.roleDefinitionId)),
      ];
      assert.equal(new Set(guids).size, given.length + roles.length);
      for (const guid of guids)
        assert.match(guid, /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      assert.doesNotMatch(JSON.stringify(roles), /\*/);
    });

    it('differ by name and GUID for another pool, group or subscription', () => {
      const places = [
        azureNames('media', { subscriptionId: SUBSCRIPTION, resourceGroup: 'a' }),
        azureNames('media', { subscriptionId: SUBSCRIPTION, resourceGroup: 'b' }),
        azureNames('other', { subscriptionId: SUBSCRIPTION, resourceGroup: 'a' }),
        azureNames('media', { subscriptionId: SUBSCRIPTION.replaceAll('1', '9'), resourceGroup: 'a' }),
      ];
      const told = places.map((names) => [names.storage, names.guid('role', 'x'), names.roleName('x')]);
      for (const index of [0, 1, 2]) assert.equal(new Set(told.map((each) => each[index])).size, 4);
    });
  });
});

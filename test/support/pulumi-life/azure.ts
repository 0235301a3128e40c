import assert from 'node:assert/strict';
import type { AzureTwin } from '../../../lab/azure/azure-twin.ts';
import { startLocalAzure } from '../../../lab/local-stack/azure-cloud.ts';
import { QUARTERS } from '../../../stacks/azure/quarters.ts';
import { outOfOrder } from '../out-of-order.ts';
import { decisionBy } from './decided.ts';
import type { LifeRow } from './row.ts';
import { bucketOf } from './status.ts';

const STORE = 'azure-native:storage:StorageAccount';
const SCHEDULES = QUARTERS.map(
  (quarter) => `azure-native:automation:JobSchedule media-scale-in-at-${quarter}`,
);
const SET = 'azure-native:compute:VirtualMachineScaleSet media-set';
const WAKE = 'azure-native:logic:Workflow media-wake';
const GROWTH = 'azure-native:monitor:AutoscaleSetting media-growth';

export const AZURE_LIFE: LifeRow<AzureTwin> = {
  name: 'azure',
  start: startLocalAzure,
  types: { group: 'azure-native:compute:VirtualMachineScaleSet', bucket: STORE },
  resources: 56,
  // Each names a thing by what is known when that is there: the resource group's name, a full id, what the storage account
  // answers at, an identity's number, the address that wakes the runbook.
  unknownAtFirst: [
    'ActionGroup.logicAppReceivers',
    'ActionGroup.resourceGroupName',
    'AutomationAccount.identity',
    'AutomationAccount.resourceGroupName',
    'AutoscaleSetting.profiles',
    'AutoscaleSetting.resourceGroupName',
    'AutoscaleSetting.targetResourceUri',
    'Blob.accountName',
    'Blob.containerName',
    'Blob.source',
    'BlobContainer.accountName',
    'BlobContainer.resourceGroupName',
    'DestroySweep.store',
    'DiagnosticSetting.resourceUri',
    'DiagnosticSetting.workspaceId',
    'JobSchedule.automationAccountName',
    'JobSchedule.jobScheduleId',
    'JobSchedule.parameters',
    'JobSchedule.resourceGroupName',
    'JobSchedule.runbook',
    'ManagementPolicy.accountName',
    'ManagementPolicy.resourceGroupName',
    'MetricAlert.actions',
    'MetricAlert.resourceGroupName',
    'MetricAlert.scopes',
    'NetworkSecurityGroup.resourceGroupName',
    'RoleAssignment.principalId',
    'RoleAssignment.roleDefinitionId',
    'RoleAssignment.scope',
    'RoleDefinition.assignableScopes',
    'RoleDefinition.scope',
    'Runbook.automationAccountName',
    'Runbook.publishContentLink',
    'Runbook.resourceGroupName',
    'Runbook.runtimeEnvironment',
    'RuntimeEnvironment.automationAccountName',
    'RuntimeEnvironment.resourceGroupName',
    'Schedule.automationAccountName',
    'Schedule.resourceGroupName',
    'ScheduledQueryRule.resourceGroupName',
    'ScheduledQueryRule.scopes',
    'StorageAccount.resourceGroupName',
    'UserAssignedIdentity.resourceGroupName',
    'VirtualMachineScaleSet.identity',
    'VirtualMachineScaleSet.resourceGroupName',
    'VirtualMachineScaleSet.virtualMachineProfile',
    'VirtualNetwork.resourceGroupName',
    'Workflow.definition',
    'Workflow.identity',
    'Workflow.resourceGroupName',
    'Workspace.resourceGroupName',
  ],
  fixed: [
    {
      what: 'another list of zones',
      key: 'ebbtide:pool',
      setting: { zones: ['1', '2'] },
      says: /another list of zones is another pool/,
    },
  ],
  servesAfterUp: false,
  touched: {
    // What the load is measured by is the alert's and the runbook's too, which both its schedule and what wakes it tell it.
    target: [...SCHEDULES, WAKE, GROWTH, 'azure-native:monitor:MetricAlert media-low-load'],
    // The set itself as well: the size that autoscale has given it is written down, and stays.
    max: [SET, GROWTH],
    template: [...SCHEDULES, SET, WAKE],
  },
  target: (twin) => {
    const [mean] = twin.autoscaleSettings()[0]?.rules ?? [];
    return mean?.threshold;
  },
  template: (twin) => twin.scaleSets()[0]?.set.customData,
  secrets: (rig) => [rig.cloud.twin.object(bucketOf(rig, STORE), 'secrets/wake-url') ?? ''],
  refusal: {
    busy: /ebbtide-media_\d+ \([123], Succeeded, running\): serving, 1 rooms, 2 people/,
    drainFirst: /To drain first:[\s\S]*az monitor autoscale update/,
  },
  left: (twin) => [...twin.autoscaleSettings()],
  stopEnding: ({ faults }) => outOfOrder(faults, { service: 'job', action: 'ebbtide-media-scale-in' }),
  letGo(rig, node) {
    const { twin } = rig.cloud;
    const machine = twin.machines().find(({ name, isGone }) => name === node && !isGone)?.vmId;
    assert.ok(machine);
    twin.putObject(bucketOf(rig, STORE), `decisions/${node}.json`, decisionBy('runbook', { node, machine }));
  },
  // Nobody protects it any more: whatever Azure scales in takes it.
  giveUp: ({ cloud: { twin } }, node) => twin.loseProtection(node),
  holdDestroy: ({ faults }) =>
    outOfOrder(faults, { service: 'arm', action: 'AutoscaleSettings_CreateOrUpdate' }),
};

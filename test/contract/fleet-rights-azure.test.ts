import type { AzureTwin } from '../../lab/azure/azure-twin.ts';
import { azurePerson } from '../support/fleet-person.ts';
import { applyPool } from './support/azure/apply.ts';
import { startTwin } from './support/azure/twin.ts';
import { holdRights, withoutEach } from './support/rights/hold.ts';

holdRights<AzureTwin>({
  cloud: 'azure',
  async start() {
    const applied = await applyPool();
    // Nobody but the test decides.
    const model = { ...applied.model, alerts: [], jobSchedules: [] };
    const { twin } = await startTwin(model, { factor: 60, cpu: () => 42 });
    return { twin, address: applied.outputs.address };
  },
  person: azurePerson,
  bucketOf: (address) => (address.cloud === 'azure' ? address.storage : ''),
  machineOf: (twin, node) => twin.machines().find(({ name }) => name === node)?.vmId ?? '',
  lessOf({ text, steps }) {
    const role: { Actions: string[] } = JSON.parse(text);
    const given = steps.filter((step) => step.includes('az role assignment create'));
    const told = (scope: string) =>
      scope.includes('Microsoft.Storage')
        ? 'the action Microsoft.Storage/storageAccounts/listAccountSas/action'
        : 'the action Microsoft.Compute/virtualMachineScaleSets/virtualMachines/read';
    return [
      ...withoutEach(role.Actions, (action, left) => ({
        without: action,
        told: `the action ${action}`,
        policy: { text: JSON.stringify({ ...role, Actions: left }), steps },
      })),
      ...withoutEach(given, (step, left) => ({
        without: step,
        told: told(step),
        policy: { text, steps: left },
      })),
    ];
  },
});

import assert from 'node:assert/strict';
import { SUBSCRIPTION } from '../../lab/azure/place.ts';
import type { RecordedResource } from '../../lab/pulumi/resource.ts';
import { applyPool as applyToAzure } from './support/azure/apply.ts';
import { applyPool as applyToGcp, PROJECT, REGION } from './support/gcp/twin.ts';

const inputsOf = (resources: readonly RecordedResource[], type: string) => {
  const [found] = resources.filter((each) => each.type === type);
  assert.ok(found, type);
  return Object(found.inputs);
};

describe('the program of stacks/ with load balancers that are there, applied to a twin', () => {
  for (const service of ['global/backendServices/media', `regions/${REGION}/backendServices/media`]) {
    it(`Google Cloud: the group calls its signalling port by the name that ${service} looks for`, async () => {
      const network = { balancers: [service] };
      const { resources, model } = await applyToGcp({ network }, { backendServices: [service] });
      const group = inputsOf(resources, 'gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager');
      assert.deepEqual(group.namedPorts, [{ name: 'signal', port: 7880 }]);
      assert.equal(model.groups.length, 1);
      await assert.rejects(
        applyToGcp({ network }, { backendServices: ['global/backendServices/another'] }),
        new RegExp(`the project ${PROJECT} has no such backend service`),
      );
    });
  }

  const NETWORK = `/subscriptions/${SUBSCRIPTION}/resourceGroups/front/providers/Microsoft.Network`;
  for (const [kind, joined] of [
    ['loadBalancers', 'loadBalancerBackendAddressPools'],
    ['applicationGateways', 'applicationGatewayBackendAddressPools'],
  ] as const) {
    it(`Azure: nodes are in the backend pool of ${kind}`, async () => {
      const pool = `${NETWORK}/${kind}/front/backendAddressPools/media`;
      const network = { balancers: [pool] };
      const { resources, model } = await applyToAzure({ network }, { backendPools: [pool] });
      const { virtualMachineProfile } = inputsOf(resources, 'azure-native:compute:VirtualMachineScaleSet');
      const [{ ipConfigurations }] = virtualMachineProfile.networkProfile.networkInterfaceConfigurations;
      assert.deepEqual(ipConfigurations[0][joined], [{ id: pool }]);
      assert.equal(model.scaleSets.length, 1);
      const other = pool.replace('/front/backend', '/another/backend');
      await assert.rejects(
        applyToAzure({ network }, { backendPools: [other] }),
        /front' under resource group was not found/,
      );
      const beside = pool.replace(/media$/, 'another');
      await assert.rejects(
        applyToAzure({ network }, { backendPools: [beside] }),
        /front has no such backend pool/,
      );
    });
  }
});

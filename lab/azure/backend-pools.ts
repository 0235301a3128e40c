import { Absent } from '../pulumi/paper-cloud.ts';
import type { Inputs } from '../pulumi/resource.ts';
import type { Place } from './place.ts';

export interface BackendWorld {
  place: Place;
  /** Backend pools of load balancers and application gateways, by their ids. */
  backendPools?: readonly string[];
}

const SIGNAL = 7880;
const HEALTH = { port: 9876, path: '/healthz' };

/** A load balancer, or an application gateway, as it should be for a pool: with those of its backend pools that there are. */
export function answerBackendCall(
  { resourceGroupName, loadBalancerName, applicationGatewayName }: Inputs,
  { place, backendPools = [] }: BackendWorld,
): Inputs {
  const [kind, name] =
    loadBalancerName === undefined
      ? ['applicationGateways', applicationGatewayName]
      : ['loadBalancers', loadBalancerName];
  const network = `/subscriptions/${place.subscription}/resourceGroups/${resourceGroupName}/providers/Microsoft.Network`;
  const id = `${network}/${kind}/${name}`;
  const pools = backendPools.filter((pool) => pool.startsWith(`${id}/backendAddressPools/`));
  if (pools.length === 0)
    throw new Absent(
      `Code="ResourceNotFound" Message="The Resource '${id}' under resource group was not found."`,
    );
  const there = { id, location: place.location, backendAddressPools: pools.map((pool) => ({ id: pool })) };
  const probe = { id: `${id}/probes/health`, protocol: 'Http', port: HEALTH.port };
  if (kind === 'loadBalancers')
    return {
      ...there,
      sku: { name: 'Standard' },
      probes: [{ ...probe, requestPath: HEALTH.path }],
      loadBalancingRules: pools.map((pool, index) => ({
        name: `signal-${index}`,
        protocol: 'Tcp',
        frontendPort: 80 + index,
        backendPort: SIGNAL,
        backendAddressPools: [{ id: pool }],
        probe: { id: probe.id },
      })),
    };
  const settings = { id: `${id}/backendHttpSettingsCollection/signal`, port: SIGNAL, protocol: 'Http' };
  return {
    ...there,
    gatewayIPConfigurations: [{ subnet: { id: `${network}/virtualNetworks/front/subnets/gateway` } }],
    probes: [{ ...probe, path: HEALTH.path }],
    backendHttpSettingsCollection: [{ ...settings, probe: { id: probe.id } }],
    requestRoutingRules: pools.map((pool, index) => ({
      name: `signal-${index}`,
      backendAddressPool: { id: pool },
      backendHttpSettings: { id: settings.id },
    })),
  };
}

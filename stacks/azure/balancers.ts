import { getApplicationGateway } from '@pulumi/azure-native/network/getApplicationGateway.js';
import { getLoadBalancer } from '@pulumi/azure-native/network/getLoadBalancer.js';
import { getSubnet } from '@pulumi/azure-native/network/getSubnet.js';
import * as pulumi from '@pulumi/pulumi';
import { describeError } from '../../fleet/error.ts';
import { configKey, SettingsError } from '../settings-errors.ts';
import { balancerProblems, kindOf, type WayToPool } from './balancer-rules.ts';
import type { AzureSettings } from './settings.ts';

/** Backend pools that are there already: those that nodes join, and from where their balancers come. */
export interface BalancerWays {
  balancerPools: string[];
  gatewayPools: string[];
  /** Of gateways, which are machines in the network. */
  ranges: string[];
}

interface Found extends WayToPool {
  ranges: string[];
}

/** What would bring nobody to a node, or people to one that takes no more, is told before anything is made. */
export async function findBalancers(
  settings: AzureSettings,
  options: pulumi.InvokeOptions,
): Promise<BalancerWays> {
  const { balancers } = settings.network;
  const found = await Promise.all(
    balancers.map((id, index) => readWay(id, `network.balancers[${index}]`, options)),
  );
  const problems = found.flatMap((way, index) =>
    balancerProblems(way, `network.balancers[${index}]`, settings),
  );
  if (problems.length > 0) throw new pulumi.RunError(new SettingsError(problems).message);
  return {
    balancerPools: balancers.filter((id) => kindOf(id) === 'balancer'),
    gatewayPools: balancers.filter((id) => kindOf(id) === 'gateway'),
    ranges: [...new Set(found.flatMap(({ ranges }) => ranges))].sort(),
  };
}

async function readWay(pool: string, key: string, options: pulumi.InvokeOptions): Promise<Found> {
  const [, resourceGroupName = '', name = ''] =
    /\/resourceGroups\/([^/]+)\/providers\/[^/]+\/[^/]+\/([^/]+)\//i.exec(pool) ?? [];
  const isPool = ({ id }: { id?: string | undefined }) => same(id, pool);
  try {
    const way =
      kindOf(pool) === 'balancer'
        ? await readBalancer(pool, { resourceGroupName, loadBalancerName: name }, options)
        : await readGateway(pool, { resourceGroupName, applicationGatewayName: name }, options);
    if (!way.pools.some(isPool)) throw new Error(`${name} has no such backend pool`);
    return way;
  } catch (error) {
    throw new pulumi.RunError(`${configKey(key)} is "${pool}": it cannot be read. ${describeError(error)}`);
  }
}

type Pools = { pools: { id?: string | undefined }[] };

async function readBalancer(
  pool: string,
  of: { resourceGroupName: string; loadBalancerName: string },
  options: pulumi.InvokeOptions,
): Promise<Found & Pools> {
  const found = await getLoadBalancer(of, options);
  const rules = (found.loadBalancingRules ?? []).filter(({ backendAddressPool, backendAddressPools = [] }) =>
    [backendAddressPool, ...backendAddressPools].some((each) => same(each?.id, pool)),
  );
  return {
    location: found.location ?? '',
    sku: found.sku?.name ?? '',
    pools: found.backendAddressPools ?? [],
    ranges: [],
    rules: rules.map(({ name = '', backendPort, frontendPort, protocol, probe }) => {
      const probed = found.probes?.find(({ id }) => same(id, probe?.id));
      return {
        says: name,
        port: backendPort ?? frontendPort,
        protocol,
        probe: probed && { protocol: probed.protocol, port: probed.port, path: probed.requestPath },
      };
    }),
  };
}

async function readGateway(
  pool: string,
  of: { resourceGroupName: string; applicationGatewayName: string },
  options: pulumi.InvokeOptions,
): Promise<Found & Pools> {
  const found = await getApplicationGateway(of, options);
  const byPath = (found.urlPathMaps ?? []).flatMap(
    ({ name, defaultBackendAddressPool, defaultBackendHttpSettings, pathRules = [] }) => [
      {
        name,
        backendAddressPool: defaultBackendAddressPool,
        backendHttpSettings: defaultBackendHttpSettings,
      },
      ...pathRules,
    ],
  );
  const rules = [...(found.requestRoutingRules ?? []), ...byPath].filter(({ backendAddressPool }) =>
    same(backendAddressPool?.id, pool),
  );
  const subnets = (found.gatewayIPConfigurations ?? []).flatMap(({ subnet }) => subnet?.id ?? []);
  return {
    location: found.location ?? '',
    sku: '',
    pools: found.backendAddressPools ?? [],
    ranges: (await Promise.all(subnets.map((id) => rangesOf(id, options)))).flat(),
    rules: rules.map(({ name = '', backendHttpSettings }) => {
      const settings = found.backendHttpSettingsCollection?.find(({ id }) =>
        same(id, backendHttpSettings?.id),
      );
      const probe = found.probes?.find(({ id }) => same(id, settings?.probe?.id));
      return {
        says: name,
        port: settings?.port,
        protocol: settings?.protocol ?? '',
        probe: probe && { protocol: probe.protocol ?? '', port: probe.port, path: probe.path },
      };
    }),
  };
}

async function rangesOf(subnet: string, options: pulumi.InvokeOptions): Promise<string[]> {
  const [, resourceGroupName = '', virtualNetworkName = '', subnetName = ''] =
    /\/resourceGroups\/([^/]+)\/providers\/[^/]+\/virtualNetworks\/([^/]+)\/subnets\/([^/]+)$/i.exec(
      subnet,
    ) ?? [];
  const { addressPrefix, addressPrefixes = [] } = await getSubnet(
    { resourceGroupName, virtualNetworkName, subnetName },
    options,
  );
  return addressPrefix === undefined ? addressPrefixes : [addressPrefix];
}

/** Azure does not tell upper and lower case apart in ids. */
function same(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && one.toLowerCase() === other?.toLowerCase();
}

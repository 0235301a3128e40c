import assert from 'node:assert/strict';
import { MANAGER_VARIABLE } from '../../fleet/azure/endpoints.ts';
import { GOOD_AZURE, type ProgramRun, runUnderMocks } from './stacks-mocks.ts';
import { SUBSCRIPTION } from './stacks-mocks-azure.ts';
import { type LocalServer, startLocalServer } from './support/local-server.ts';

const NETWORK = `/subscriptions/${SUBSCRIPTION}/resourceGroups/net/providers/Microsoft.Network`;
const BALANCER = `${NETWORK}/loadBalancers/front`;
const BALANCER_POOL = `${BALANCER}/backendAddressPools/media`;
const GATEWAY = `${NETWORK}/applicationGateways/front`;
const GATEWAY_POOL = `${GATEWAY}/backendAddressPools/media`;
const SUBNET = `${NETWORK}/virtualNetworks/mine/subnets/gateway`;
const PROBE = { id: `${BALANCER}/probes/health`, protocol: 'Http', port: 9876, requestPath: '/healthz' };
const RULE = {
  name: 'signal',
  protocol: 'Tcp',
  frontendPort: 80,
  backendPort: 7880,
  // Azure spells ids as it likes.
  backendAddressPools: [{ id: BALANCER_POOL.toUpperCase() }],
  probe: { id: PROBE.id },
};

interface There {
  pools?: string[];
  balancer?: Record<string, unknown>;
  gateway?: Record<string, unknown>;
  network?: Record<string, unknown>;
  access?: Record<string, unknown>;
}

function runWith({
  pools = [BALANCER_POOL],
  balancer,
  gateway,
  network,
  access,
}: There = {}): Promise<ProgramRun> {
  return runUnderMocks({
    settings: {
      ...GOOD_AZURE,
      network: { balancers: pools, ...network },
      ...(access === undefined ? {} : { access }),
    },
    answers: {
      'azure-native:authorization:getClientToken': () => ({ token: 't' }),
      'azure-native:network:getLoadBalancer': () => ({
        location: 'westeurope',
        sku: { name: 'Standard' },
        backendAddressPools: [{ id: BALANCER_POOL }],
        loadBalancingRules: [RULE],
        probes: [PROBE],
        ...balancer,
      }),
      'azure-native:network:getApplicationGateway': () => ({
        location: 'westeurope',
        backendAddressPools: [{ id: GATEWAY_POOL }],
        gatewayIPConfigurations: [{ subnet: { id: SUBNET } }],
        requestRoutingRules: [
          {
            name: 'signal',
            backendAddressPool: { id: GATEWAY_POOL },
            backendHttpSettings: { id: `${GATEWAY}/settings/s` },
          },
        ],
        backendHttpSettingsCollection: [
          { id: `${GATEWAY}/settings/s`, port: 7880, protocol: 'Http', probe: { id: `${GATEWAY}/probes/p` } },
        ],
        probes: [{ id: `${GATEWAY}/probes/p`, protocol: 'Http', port: 9876, path: '/healthz' }],
        ...gateway,
      }),
      'azure-native:network:getSubnet': ({ resourceGroupName, virtualNetworkName, subnetName }) => {
        assert.deepEqual([resourceGroupName, virtualNetworkName, subnetName], ['net', 'mine', 'gateway']);
        return { addressPrefix: '10.9.0.0/24' };
      },
    },
  });
}

function rulesOf(run: ProgramRun) {
  const rules = Object.values(
    Object(run.one('azure-native:network:NetworkSecurityGroup').inputs.securityRules),
  );
  return rules.map((rule) => {
    const { name, access, priority, destinationPortRange, sourceAddressPrefix, sourceAddressPrefixes } =
      Object(rule);
    return {
      name,
      access,
      priority,
      port: destinationPortRange,
      from: sourceAddressPrefixes ?? sourceAddressPrefix,
    };
  });
}
function addressOf(run: ProgramRun) {
  const profile = Object(run.one('azure-native:compute:VirtualMachineScaleSet').inputs.virtualMachineProfile);
  return profile.networkProfile.networkInterfaceConfigurations[0].ipConfigurations[0];
}

describe('Azure, as an operator has it', () => {
  /** A resource manager that tells of no scale set, and of nothing else. */
  let manager: LocalServer;
  before(async () => {
    manager = await startLocalServer(({ path }) =>
      path.endsWith('/virtualMachineScaleSets')
        ? { status: 200, body: '{"value":[]}' }
        : { status: 503, body: '' },
    );
    process.env[MANAGER_VARIABLE] = manager.url;
  });
  after(async () => {
    delete process.env[MANAGER_VARIABLE];
    await manager.close();
  });

  describe('backend pools on Azure', () => {
    it("of a load balancer: nodes are in them, and Azure's own probes reach their health", async () => {
      const run = await runWith();
      assert.deepEqual(addressOf(run).loadBalancerBackendAddressPools, [{ id: BALANCER_POOL }]);
      assert.equal(addressOf(run).applicationGatewayBackendAddressPools, undefined);
      const rules = rulesOf(run);
      const probes = rules.find(({ name }) => name === 'balancer-health');
      assert.deepEqual(probes, {
        name: 'balancer-health',
        access: 'Allow',
        priority: 200,
        port: '9876',
        from: 'AzureLoadBalancer',
      });
      // Azure counts the host, from which they come, to the network: which is kept out after them.
      const deny = rules.find(({ access }) => access === 'Deny');
      assert.ok((deny?.priority ?? 0) > (probes?.priority ?? Number.POSITIVE_INFINITY));
    });

    it('of an application gateway: nodes are in them, and its subnet reaches signalling and health', async () => {
      const run = await runWith({ pools: [GATEWAY_POOL], network: { signalFrom: ['10.0.0.0/16'] } });
      assert.deepEqual(addressOf(run).applicationGatewayBackendAddressPools, [{ id: GATEWAY_POOL }]);
      assert.equal(addressOf(run).loadBalancerBackendAddressPools, undefined);
      const from = Object.fromEntries(rulesOf(run).map((rule) => [rule.name, rule.from]));
      assert.deepEqual(from.signal, ['10.0.0.0/16', '10.9.0.0/24']);
      assert.deepEqual(from.health, ['10.9.0.0/24']);
      assert.equal(from['balancer-health'], undefined);
    });

    it('of a gateway that goes by paths are found too', async () => {
      const requestRoutingRules = [{ name: 'paths', urlPathMap: { id: 'map' } }];
      const settings = { backendHttpSettings: { id: `${GATEWAY}/settings/s` } };
      const urlPathMaps = [
        { name: 'map', pathRules: [{ name: '/rtc', backendAddressPool: { id: GATEWAY_POOL }, ...settings }] },
      ];
      await runWith({ pools: [GATEWAY_POOL], gateway: { requestRoutingRules, urlPathMaps } });
    });

    it('change nothing of a pool without them', async () => {
      const run = await runWith({ pools: [] });
      assert.deepEqual(
        Object.keys(addressOf(run)).filter((key) => /Pools$/.test(key)),
        [],
      );
      assert.deepEqual(
        rulesOf(run).map(({ name }) => name),
        ['signal', 'media-tcp', 'media-udp', 'nothing-else-from-networks'],
      );
    });

    const wrong: [string, There, RegExp][] = [
      [
        'elsewhere',
        { balancer: { location: 'northeurope' } },
        /is in northeurope: it must be in azure-native:location/,
      ],
      [
        'of a Basic balancer',
        { balancer: { sku: { name: 'Basic' } } },
        /is of the SKU Basic: it must be Standard/,
      ],
      [
        'without a rule',
        { balancer: { loadBalancingRules: [] } },
        /has no rule that brings people to ebbtide:media/,
      ],
      [
        'with a rule to another port',
        { balancer: { loadBalancingRules: [{ ...RULE, backendPort: 443 }] } },
        /has no rule that brings people to ebbtide:media.ports.signal, which is 7880/,
      ],
      [
        'without a probe',
        { balancer: { probes: [] } },
        /the rule signal with no probe: its health probe must be/,
      ],
      [
        'with a probe of another page',
        { balancer: { probes: [{ ...PROBE, requestPath: '/' }] } },
        /with Http \/ on port 9876: its health probe must be http:\/\/NODE:9876\/healthz/,
      ],
      [
        'with a probe that only connects',
        { balancer: { probes: [{ ...PROBE, protocol: 'Tcp', requestPath: undefined }] } },
        /with Tcp {2}on port 9876: its health probe/,
      ],
      [
        'that is not there',
        { balancer: { backendAddressPools: [] } },
        /cannot be read. front has no such backend pool/,
      ],
      [
        'of a gateway that speaks TLS to nodes',
        {
          pools: [GATEWAY_POOL],
          gateway: {
            backendHttpSettingsCollection: [{ id: `${GATEWAY}/settings/s`, port: 7880, protocol: 'Https' }],
          },
        },
        /has no rule that brings people to .* as HTTP or TCP without TLS/,
      ],
    ];
    for (const [what, there, says] of wrong) {
      it(`are refused at preview: one ${what}`, () => assert.rejects(runWith(there), says));
    }

    it('must be ids of backend pools', () =>
      assert.rejects(
        runWith({ pools: [BALANCER] }),
        /network.balancers\[0\] is .* must be the id of a backend pool/,
      ));
  });

  describe('a way into a node on Azure', () => {
    const types = (run: ProgramRun) => run.resources.map(({ type, name }) => `${type} ${name}`).sort();

    it('is a role that runs commands on nodes, which is given to nobody; and no port', async () => {
      const plain = await runWith({ pools: [] });
      const run = await runWith({ pools: [], access: { shell: true } });
      const ROLE = 'azure-native:authorization:RoleDefinition';
      assert.deepEqual(
        types(run).filter((each) => !types(plain).includes(each)),
        [`${ROLE} media-roles-shell`],
      );
      assert.deepEqual(rulesOf(run), rulesOf(plain));
      const { permissions, assignableScopes } = run.one(ROLE, 'media-roles-shell').inputs;
      const SET = 'Microsoft.Compute/virtualMachineScaleSets';
      assert.deepEqual(Object(permissions)[0].actions, [
        `${SET}/read`,
        `${SET}/virtualMachines/read`,
        `${SET}/virtualMachines/instanceView/read`,
        `${SET}/virtualMachines/runCommand/action`,
      ]);
      assert.equal(Object(assignableScopes).length, 1);
    });
  });
});

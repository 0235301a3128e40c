import assert from 'node:assert/strict';
import { defaultImage } from '../../stacks/azure/machine.ts';
import { GOOD_AZURE, type ProgramRun } from './stacks-mocks.ts';
import { SUBSCRIPTION } from './stacks-mocks-azure.ts';
import { azureUnderMocks, FIREWALL, listed, nothingThere, run, SET, SETS } from './support/azure-pool.ts';
import { ofType } from './support/program-run.ts';

describe('the Azure pool', () => {
  const azure = azureUnderMocks();

  it('makes nodes that nobody can log in to, and a set that nothing shrinks', () => {
    const { virtualMachineProfile, ...inputs } = azure.made.one(SET).inputs;
    assert.deepEqual(inputs, {
      resourceGroupName: 'ebbtide-media',
      vmScaleSetName: 'ebbtide-media',
      location: 'westeurope',
      tags: { 'ebbtide-pool': 'media' },
      orchestrationMode: 'Uniform',
      sku: { name: 'Standard_D4s_v5', tier: 'Standard', capacity: 1 },
      overprovision: false,
      singlePlacementGroup: false,
      platformFaultDomainCount: 1,
      upgradePolicy: { mode: 'Manual' },
      scaleInPolicy: { rules: ['NewestVM'], forceDeletion: false },
      identity: { type: 'UserAssigned', userAssignedIdentities: ['media-node-id'] },
    });
    const { osProfile, ...profile } = Object(virtualMachineProfile);
    const { linuxConfiguration, customData: _, ...os } = osProfile;
    assert.deepEqual(os, { computerNamePrefix: 'ebbtide-media', adminUsername: 'ebbtide' });
    assert.equal(linuxConfiguration.disablePasswordAuthentication, true);
    const [key] = linuxConfiguration.ssh.publicKeys;
    assert.match(key.keyData, /^ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ[A-Za-z0-9+/=]+ nobody$/);
    assert.deepEqual(profile, {
      priority: 'Regular',
      storageProfile: {
        imageReference: { publisher: 'Debian', offer: 'debian-13', sku: '13-gen2', version: 'latest' },
        osDisk: {
          createOption: 'FromImage',
          caching: 'ReadWrite',
          diskSizeGB: 30,
          managedDisk: { storageAccountType: 'StandardSSD_LRS' },
        },
      },
      networkProfile: {
        networkInterfaceConfigurations: [
          {
            name: 'nodes',
            primary: true,
            enableAcceleratedNetworking: true,
            networkSecurityGroup: { id: 'media-network-firewall-id' },
            ipConfigurations: [
              {
                name: 'nodes',
                primary: true,
                subnet: { id: 'media-network-id/subnets/nodes' },
                publicIPAddressConfiguration: {
                  name: 'nodes',
                  sku: { name: 'Standard', tier: 'Regional' },
                  idleTimeoutInMinutes: 15,
                },
              },
            ],
          },
        ],
      },
      scheduledEventsProfile: {
        terminateNotificationProfile: { enable: true, notBeforeTimeout: 'PT15M' },
      },
      diagnosticsProfile: { bootDiagnostics: { enabled: true } },
    });
  });

  it('makes a set as the operator wants it', async () => {
    const id = `/subscriptions/${SUBSCRIPTION}/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/v`;
    const image = `/subscriptions/${SUBSCRIPTION}/resourceGroups/r/providers/Microsoft.Compute/galleries/g/images/media`;
    const own = await run({
      pool: {
        name: 'media',
        machineType: 'Standard_F8s_v2',
        image,
        diskGb: 64,
        zones: ['1', '3'],
        initial: 2,
      },
      network: { id, subnets: [`${id}/subnets/media`] },
      azure: {
        publicAddresses: false,
        acceleratedNetworking: false,
        diskType: 'Premium_LRS',
        terminateNotice: '5m',
        tags: { team: 'av' },
      },
    });
    const set = own.one(SET).inputs;
    assert.deepEqual(set.sku, { name: 'Standard_F8s_v2', tier: 'Standard', capacity: 2 });
    assert.deepEqual([set.zones, set.zoneBalance], [['1', '3'], false]);
    assert.deepEqual(set.tags, { team: 'av', 'ebbtide-pool': 'media' });
    const { storageProfile, networkProfile, scheduledEventsProfile } = Object(set.virtualMachineProfile);
    assert.deepEqual(storageProfile.imageReference, { id: image });
    assert.equal(storageProfile.osDisk.managedDisk.storageAccountType, 'Premium_LRS');
    assert.equal(scheduledEventsProfile.terminateNotificationProfile.notBeforeTimeout, 'PT5M');
    const [nic] = networkProfile.networkInterfaceConfigurations;
    assert.equal(nic.enableAcceleratedNetworking, false);
    assert.deepEqual(nic.ipConfigurations, [
      { name: 'nodes', primary: true, subnet: { id: `${id}/subnets/media` } },
    ]);
    assert.deepEqual(ofType(own, 'azure-native:network:VirtualNetwork'), []);
  });

  it('opens media and signalling, the whole range of ports, and nothing else', async () => {
    const rules = (of: ProgramRun) =>
      Object(of.one(FIREWALL).inputs.securityRules).map(
        ({ access, protocol, destinationPortRange, sourceAddressPrefixes, sourceAddressPrefix }: never) => [
          access,
          protocol,
          destinationPortRange,
          sourceAddressPrefixes ?? sourceAddressPrefix,
        ],
      );
    const rest = ['Deny', '*', '*', 'VirtualNetwork'];
    const ranged = await run({ media: { ...Object(GOOD_AZURE.media), ports: { rtcUdp: '7882-7892' } } });
    assert.deepEqual(rules(ranged), [
      ['Allow', 'Tcp', '7880', ['0.0.0.0/0']],
      ['Allow', 'Tcp', '7881', ['0.0.0.0/0']],
      ['Allow', 'Udp', '7882-7892', ['0.0.0.0/0']],
      rest,
    ]);
    const narrow = await run({ network: { signalFrom: [], mediaFrom: [], healthFrom: ['10.0.0.0/8'] } });
    assert.deepEqual(rules(narrow), [['Allow', 'Tcp', '9876', ['10.0.0.0/8']], rest]);
    const priorities = Object(narrow.one(FIREWALL).inputs.securityRules).map(
      ({ priority }: { priority: number }) => priority,
    );
    assert.equal(new Set(priorities).size, priorities.length);
  });

  describe('its size', () => {
    const READ_SET = 'azure-native:compute:getVirtualMachineScaleSet';
    const found = (capacity: number | undefined, pool = 'media') => ({
      answers: { [READ_SET]: () => ({ tags: { 'ebbtide-pool': pool }, sku: { capacity } }) },
    });

    it('is what it has grown or shrunk to, whatever it was at first', async () => {
      const grown = await run({ pool: { name: 'media', initial: 2 } }, found(4));
      assert.equal(Object(grown.one(SET).inputs.sku).capacity, 4);
      const shrunk = await run({}, found(0));
      assert.equal(Object(shrunk.one(SET).inputs.sku).capacity, 0);
    });

    it('is what it is when the set is written, not what it was when the program began', async () => {
      const capacities = [4, 6];
      const answers = {
        [READ_SET]: () => ({ tags: { 'ebbtide-pool': 'media' }, sku: { capacity: capacities.shift() ?? 6 } }),
      };
      assert.equal(Object((await run({}, { answers })).one(SET).inputs.sku).capacity, 6);
      const untold = [4, undefined];
      const silent = {
        [READ_SET]: () => ({ tags: { 'ebbtide-pool': 'media' }, sku: { capacity: untold.shift() } }),
      };
      await assert.rejects(
        run({}, { answers: silent }),
        /scale set ebbtide-media does not say how many instances/,
      );
    });

    const refusals: [string, () => Record<string, unknown>, RegExp][] = [
      [
        'is not told',
        found(undefined).answers[READ_SET] ?? (() => ({})),
        /scale set ebbtide-media does not say how many instances/,
      ],
      [
        "is another pool's",
        found(1, 'other').answers[READ_SET] ?? (() => ({})),
        /ebbtide:pool\.name is "media": the resource group ebbtide-media has a scale set ebbtide-media already/,
      ],
      [
        'would be of another set, in other zones',
        () => ({ tags: { 'ebbtide-pool': 'media' }, sku: { capacity: 2 }, zones: ['1'] }),
        /ebbtide:pool\.zones names none: the scale set of the pool media has 1, and would be deleted, with the calls/,
      ],
      [
        'would be of another set, in another region',
        () => ({ tags: { 'ebbtide-pool': 'media' }, sku: { capacity: 2 }, location: 'North Europe' }),
        /azure-native:location is "westeurope": the pool media is in northeurope, and would be deleted there/,
      ],
      ...['AuthorizationFailed', 'SubscriptionNotFound: the subscription was not found'].map(
        (reason): [string, () => Record<string, unknown>, RegExp] => [
          `cannot be read: ${reason}`,
          () => {
            throw new Error(reason);
          },
          new RegExp(
            `^Error: azure-native:subscriptionId is "${SUBSCRIPTION}": what is there cannot be read\\. .*${reason}`,
          ),
        ],
      ),
    ];
    for (const [what, answer, says] of refusals) {
      it(`is never guessed: it ${what}`, async () => {
        await assert.rejects(run({}, { preview: true, answers: { [READ_SET]: answer } }), says);
      });
    }

    it('is not looked for in a group that is not there', async () => {
      const answers = {
        'azure-native:resources:getResourceGroup': () => {
          throw new Error('Code="ResourceGroupNotFound"');
        },
      };
      await assert.rejects(
        run({ azure: { resourceGroup: 'gone' } }, { preview: true, answers }),
        /ebbtide:azure\.resourceGroup is "gone": there is no such group in azure-native:subscriptionId/,
      );
    });
  });

  it('is refused at preview where the region has no such size, and made where that cannot be known', async () => {
    const asked: string[] = [];
    azure.says = ({ path, headers }) => {
      asked.push(`${path.split('/').at(-1)} ${headers.authorization}`);
      return listed();
    };
    await assert.rejects(
      run({}, { preview: true }),
      /ebbtide:pool\.machineType is "Standard_D4s_v5": azure-native:location, which is westeurope, does not have it/,
    );
    assert.deepEqual(asked.sort(), ['skus Bearer t', 'usages Bearer t', 'virtualMachineScaleSets Bearer t']);
    // Of that one nobody told the sizes.
    azure.made.one(SET);
  });

  describe('is the only one of its name in the subscription', () => {
    const inGroup = (group: string, tags: object | null) => ({
      id: `/subscriptions/${SUBSCRIPTION}/resourceGroups/${group}${SETS}/ebbtide-media`,
      tags,
    });
    const ours = { 'ebbtide-pool': 'media' };

    it('and is not made where another resource group has it, which would be deleted for it', async () => {
      azure.says = (request) =>
        request.path.endsWith(SETS)
          ? listed(inGroup('others', null), inGroup('Before', ours))
          : nothingThere(request);
      await assert.rejects(
        run({ azure: { resourceGroup: 'now' } }, { preview: true }),
        /ebbtide:pool\.name is "media": the resource group Before has a pool of that name, whose scale set would be deleted with the calls that are on, for one in now/,
      );
    });

    it('and is not made where that is not known', async () => {
      azure.says = () => ({ status: 500, body: '' });
      await assert.rejects(
        run({}, { preview: true }),
        /whether the pool media is in another resource group than ebbtide-media is not known, .*: try again\. .*500/,
      );
    });

    it('as far as these credentials may look', async () => {
      azure.says = () => ({ status: 403, body: '{"error":{"code":"AuthorizationFailed"}}' });
      (await run()).one(SET);
    });

    it('which is looked at only before it is made', async () => {
      azure.says = () => ({ status: 500, body: '' });
      const answers = {
        'azure-native:compute:getVirtualMachineScaleSet': () => ({ tags: ours, sku: { capacity: 2 } }),
      };
      (await run({}, { answers })).one(SET);
    });
  });
});

describe('sizes of Azure', () => {
  it('get the image of their processor', () => {
    const of = (type: string) => defaultImage(type);
    assert.equal(of('Standard_D4s_v5'), 'Debian:debian-13:13-gen2:latest');
    assert.equal(of('Standard_E8pds_v6'), 'Debian:debian-13:13-arm64:latest');
    assert.equal(of('Standard_D4ps_v5'), 'Debian:debian-13:13-arm64:latest');
    assert.equal(of('Standard_NP10s'), 'Debian:debian-13:13-gen2:latest');
    assert.equal(of('Standard_F8s_v2'), 'Debian:debian-13:13-gen2:latest');
  });
});

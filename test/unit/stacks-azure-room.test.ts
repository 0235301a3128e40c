import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import { createAzureClient } from '../../fleet/azure/client.ts';
import { type MachineRoom, readMachineRoom } from '../../stacks/azure/machine-room.ts';
import { roomProblems, roomWarnings, sizeWarnings } from '../../stacks/azure/room-rules.ts';
import { readSettings } from '../../stacks/settings.ts';
import { configValues, GOOD_AZURE, settingsOf } from './stacks-mocks.ts';
import {
  type Answer,
  type LocalServer,
  type ReceivedRequest,
  startLocalServer,
} from './support/local-server.ts';

const NOTHING = { text: () => undefined, sha256: () => undefined };
const WANTED = { subscriptionId: 's-1', location: 'westeurope', machineType: 'Standard_D4s_v5' };
const FAMILY = 'standardDSv5Family';

function settings(changed: Record<string, unknown> = {}) {
  const values = configValues({ ...GOOD_AZURE, ...changed });
  return settingsOf(readSettings({ values, isSecret: () => true }, NOTHING).settings, 'azure');
}

const size = {
  family: FAMILY,
  cpus: 4,
  zones: ['1', '2', '3'],
  refused: undefined,
  acceleratedNetworking: true,
};
const room = (changed: Partial<typeof size> | { refused: string } = {}, left = 100): MachineRoom => ({
  size: { ...size, ...changed },
  quotas: [
    { what: 'cores', quota: { used: 50, limit: 500 } },
    { what: FAMILY, quota: { used: 20, limit: 20 + left } },
  ],
});

describe('room for machines', () => {
  it('is no problem where there is', () => {
    const wanted = settings({ pool: { name: 'media', zones: ['1', '3'] } });
    assert.deepEqual(roomProblems(wanted, room(), 2), []);
    assert.deepEqual(roomWarnings(wanted, room(), 2), []);
  });

  const rows: [string, Record<string, unknown>, MachineRoom, number, string, RegExp][] = [
    [
      'a size that the region does not have',
      {},
      { size: undefined, quotas: [] },
      1,
      'pool.machineType',
      /^is "Standard_D4s_v5": azure-native:location, which is westeurope, does not have it \(`az vm list-skus/,
    ],
    [
      'a size that is not for this subscription',
      {},
      room({ refused: 'NotAvailableForSubscription' }),
      1,
      'pool.machineType',
      /your subscription cannot have it in westeurope \(Azure says: NotAvailableForSubscription\)$/,
    ],
    [
      'zones without it',
      { pool: { name: 'media', zones: ['1', '3'] } },
      room({ zones: ['1', '2'] }),
      1,
      'pool.zones',
      /^names 3: of Standard_D4s_v5 your subscription has in westeurope 1, 2$/,
    ],
    [
      'zones of a region without any',
      { pool: { name: 'media', zones: ['1'] } },
      room({ zones: [] }),
      1,
      'pool.zones',
      /^names 1: .* westeurope none$/,
    ],
    [
      'a network that it cannot be given',
      {},
      room({ acceleratedNetworking: false }),
      1,
      'azure.acceleratedNetworking',
      /^is true: Standard_D4s_v5 cannot do that\. Set it to false/,
    ],
    [
      'a quota too small for the first machines',
      {},
      room({}, 7),
      2,
      'pool.machineType',
      /the first 2 machines need 8 processors, and the quota "standardDSv5Family" of westeurope has 7 of 27 left/,
    ],
  ];
  for (const [what, changed, found, first, key, says] of rows) {
    it(`is refused: ${what}`, () => {
      const problems = roomProblems(settings(changed), found, first);
      assert.equal(problems.length, 1, JSON.stringify(problems));
      assert.equal(problems[0]?.key, key);
      assert.match(problems[0]?.says ?? '', says);
    });
  }

  it('asks for no quota for machines that are there', () => {
    assert.deepEqual(roomProblems(settings(), room({}, 0), 0), []);
  });

  it('is warned of where growth will end before the maximum', () => {
    // 3 serve and 3 drain at most, 2 are there: 4 more of 4 processors each.
    assert.deepEqual(roomWarnings(settings(), room({}, 16), 2), []);
    const [warning] = roomWarnings(settings(), room({}, 15), 2);
    assert.equal(warning?.key, 'pool.max');
    assert.match(
      warning?.says ?? '',
      /takes 16 more processors, .* has 15 left: the pool stops growing there$/,
    );
  });
});

describe('a maximum below what there is', () => {
  const rows: [string, Record<string, unknown>, there: number, says: RegExp | undefined][] = [
    ['as many as serve and drain at most', {}, 6, undefined],
    [
      'more',
      {},
      7,
      /^is 3: .* which is 3, the set may have 6 nodes, and it has 7\. .* its maximum stays 7 until/,
    ],
    ['more, that nothing counts', { scaling: { kind: 'none' } }, 7, undefined],
  ];
  for (const [what, changed, there, says] of rows) {
    it(`is told of where there are ${what}, if it bounds anything`, () => {
      const warnings = sizeWarnings(settings(changed), there);
      assert.deepEqual(
        warnings.map(({ key }) => key),
        says === undefined ? [] : ['pool.max'],
      );
      assert.match(warnings[0]?.says ?? '', says ?? /^$/);
    });
  }
});

describe('what a region says of a size', () => {
  let server: LocalServer | undefined;
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });

  async function read(answer: (request: ReceivedRequest, base: string) => Answer) {
    server = await startLocalServer((request) => answer(request, server?.url ?? ''));
    const client = createAzureClient({ base: server.url, token: async () => 't', timeoutMs: 3_000 });
    return readMachineRoom(client, WANTED);
  }
  const json = (body: unknown): Answer => ({ status: 200, body: JSON.stringify(body) });
  const SKUS = '/subscriptions/s-1/providers/Microsoft.Compute/skus';
  const sku = (name: string, more: object = {}) => ({
    resourceType: 'virtualMachines',
    name,
    family: FAMILY,
    locationInfo: [{ location: 'westeurope', zones: ['3', '1', '2'] }],
    capabilities: [
      { name: 'vCPUs', value: '4' },
      { name: 'AcceleratedNetworkingEnabled', value: 'True' },
    ],
    ...more,
  });
  const usages = json({
    value: [
      { name: { value: 'cores' }, currentValue: 50, limit: 500 },
      { name: { value: FAMILY }, currentValue: 20, limit: 120 },
      { name: { value: 'others' }, currentValue: 9, limit: 9 },
    ],
  });

  it('is found on whichever page it is', async () => {
    const found = await read(({ path, url }, base) => {
      if (path !== SKUS) return usages;
      if (url.searchParams.has('page')) return json({ value: [sku('Standard_D4s_v5')] });
      assert.equal(url.searchParams.get('$filter'), "location eq 'westeurope'");
      const disk = { resourceType: 'disks', name: 'Standard_D4s_v5' };
      return json({ value: [disk, sku('Standard_D8s_v5')], nextLink: `${base}${SKUS}?page=2` });
    });
    assert.deepEqual(found, room());
  });

  it('tells zones and subscriptions that cannot have it', async () => {
    const restrictions = [
      { type: 'Zone', restrictionInfo: { zones: ['2'] }, reasonCode: 'NotAvailableForSubscription' },
      { type: 'Location', restrictionInfo: {}, reasonCode: 'QuotaId' },
    ];
    const { size: of } = await read(({ path }) =>
      path === SKUS ? json({ value: [sku('Standard_D4s_v5', { restrictions })] }) : usages,
    );
    assert.deepEqual([of?.zones, of?.refused], [['1', '3'], 'QuotaId']);
  });

  it('may be that it is not there; what cannot be read is not that', async () => {
    assert.deepEqual(await read(({ path }) => (path === SKUS ? json({ value: [] }) : usages)), {
      size: undefined,
      quotas: [],
    });
    await server?.close();
    await assert.rejects(read(({ path }) => (path === SKUS ? { status: 500 } : usages)));
    await server?.close();
    await assert.rejects(
      read(() => json({ value: [{ name: 'x' }] })),
      /makes no sense/,
    );
  });
});

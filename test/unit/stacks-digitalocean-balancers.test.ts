import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import { digitalOceanNames } from '../../stacks/digitalocean/names.ts';
import { checkAccount } from '../../stacks/digitalocean/preconditions.ts';
import { readSettings } from '../../stacks/settings.ts';
import { configValues, GOOD_DIGITALOCEAN, runUnderMocks, settingsOf } from './stacks-mocks.ts';
import { GOOD_ACCOUNT, startAccount } from './stacks-mocks-digitalocean.ts';

const ID = '4de7ac8b-495b-4884-9a69-1050c6793cd6';
const NAMES = digitalOceanNames('media', 'ebbtide-test');
const BALANCER = {
  id: ID,
  name: 'front',
  tag: 'ebbtide-media',
  vpc_uuid: '5a4981aa-9653-4bd1-bef5-d6bff52042e4',
  forwarding_rules: [
    { entry_port: 443, entry_protocol: 'https', target_port: 7880, target_protocol: 'http' },
  ],
  health_check: { protocol: 'http', port: 9876, path: '/healthz', check_interval_seconds: 5 },
};

describe('load balancers of an account of DigitalOcean', () => {
  let close: () => Promise<void> = async () => undefined;
  afterEach(() => close());

  async function start(changed: Record<string, unknown> = {}, others = false) {
    const balancers = others ? [] : [{ ...BALANCER, ...changed }];
    const account = await startAccount({
      ...GOOD_ACCOUNT,
      '/v2/load_balancers': { load_balancers: balancers },
    });
    close = account.close;
    return account;
  }
  async function check(
    changed: Record<string, unknown> = {},
    network: Record<string, unknown> = {},
    others = false,
  ) {
    const account = await start(changed, others);
    const { settings } = readSettings(
      {
        values: configValues({ ...GOOD_DIGITALOCEAN, network: { balancers: [ID], ...network } }),
        isSecret: () => true,
      },
      { text: () => undefined, sha256: () => undefined },
    );
    await checkAccount(settingsOf(settings, 'digitalocean'), NAMES, account.environment);
  }

  it('that are for droplets of the pool are taken', () => check());

  it('and are let in to signalling and health, from where nobody else is', async () => {
    const { environment } = await start();
    const settings = {
      ...GOOD_DIGITALOCEAN,
      network: { balancers: [ID], signalFrom: ['10.0.0.0/8'] },
      digitalocean: { region: 'fra1', loadBalancer: {} },
    };
    const run = await runUnderMocks({ settings, environment });
    const rules = Object.values(Object(run.one('digitalocean:index/firewall:Firewall').inputs.inboundRules));
    const balancers = ['media-load-balancer-id', ID];
    assert.deepEqual(
      rules.map((rule) => {
        const { portRange, sourceAddresses, sourceLoadBalancerUids } = Object(rule);
        return [portRange, sourceAddresses, sourceLoadBalancerUids];
      }),
      [
        ['7880', ['10.0.0.0/8'], balancers],
        ['7881', ['0.0.0.0/0'], undefined],
        ['7882', ['0.0.0.0/0'], undefined],
        ['9876', undefined, balancers],
      ],
    );
  });

  const wrong: [string, Record<string, unknown>, RegExp][] = [
    [
      'for droplets of another tag',
      { tag: 'web' },
      /is for droplets with the tag web: it must be for those with ebbtide-media/,
    ],
    [
      'for droplets that are listed',
      { tag: '' },
      /is for droplets with no tag: it must be for those with ebbtide-media/,
    ],
    [
      'that forwards elsewhere',
      { forwarding_rules: [{ target_port: 80, target_protocol: 'http' }] },
      /has no rule that forwards to ebbtide:media.ports.signal, which is 7880/,
    ],
    [
      'that speaks TLS to droplets',
      { forwarding_rules: [{ target_port: 7880, target_protocol: 'https' }] },
      /has no rule that forwards to ebbtide:media.ports.signal/,
    ],
    [
      'that asks for another page',
      { health_check: { protocol: 'http', port: 7880, path: '/' } },
      /asks http \/ on port 7880 how a droplet is: its health check must be http:\/\/DROPLET:9876\/healthz/,
    ],
    ['that only connects', { health_check: { protocol: 'tcp', port: 9876 } }, /asks tcp {2}on port 9876/],
  ];
  for (const [what, changed, says] of wrong) {
    it(`are refused: one ${what}`, () => assert.rejects(check(changed), says));
  }
  it('are refused: one that is not there', () =>
    assert.rejects(
      check({}, {}, true),
      /network.balancers\[0\] is "4de7.*": the account has no such load balancer/,
    ));
  it('are refused: one in another VPC', () =>
    assert.rejects(
      check({ vpc_uuid: 'other' }, { id: BALANCER.vpc_uuid }),
      /is in the VPC other: it must be in/,
    ));
});

describe('a way into a node on DigitalOcean', () => {
  const refused = (access: Record<string, unknown>, says: RegExp) =>
    assert.rejects(runUnderMocks({ settings: { ...GOOD_DIGITALOCEAN, access } }), says);

  it('cannot be switched: one is always there, and opens no port', () =>
    refused({ shell: true }, /access.shell is of no use on DigitalOcean: the recovery console/));
  it('takes no keys', () =>
    refused(
      { shell: true, keys: [`ssh-ed25519 ${'A'.repeat(68)}`] },
      /access.keys is of no use on DigitalOcean, where they are those of ebbtide:digitalocean.sshKeys/,
    ));
});

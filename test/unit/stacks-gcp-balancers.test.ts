import assert from 'node:assert/strict';
import { balancerWarnings } from '../../stacks/gcp/balancer-rules.ts';
import { gcpNames } from '../../stacks/gcp/names.ts';
import { readSettings } from '../../stacks/settings.ts';
import { configValues, GOOD_GCP, type ProgramRun, runUnderMocks, settingsOf } from './stacks-mocks.ts';

const GROUP = 'gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager';
const FIREWALL = 'gcp:compute/firewall:Firewall';
const NAMES = gcpNames('media', { project: 'my-project', region: 'europe-west1' });
const HEALTH = 'https://www.googleapis.com/compute/v1/projects/my-project/global/healthChecks/media';
const OWN_GROUP =
  'https://www.googleapis.com/compute/v1/projects/my-project/regions/europe-west1/instanceGroups/ebbtide-media';
const SERVICE = {
  loadBalancingScheme: 'EXTERNAL_MANAGED',
  protocol: 'HTTP',
  portName: 'signal',
  timeoutSec: 86_400,
  connectionDrainingTimeoutSec: 3600,
  backends: [{ group: OWN_GROUP }],
  healthChecks: [HEALTH],
};
const ASKS = { port: 9876, portSpecification: 'USE_FIXED_PORT', requestPath: '/healthz' };
const PATH = 'global/backendServices/media';

interface There {
  service?: Record<string, unknown>;
  health?: Record<string, unknown>;
  network?: Record<string, unknown>;
  preview?: boolean;
}

function runWith({
  service = {},
  health = {},
  network = {},
  preview = false,
}: There = {}): Promise<ProgramRun> {
  const found = (inputs: Record<string, unknown>) => ({ ...inputs, ...SERVICE, ...service });
  return runUnderMocks({
    preview,
    settings: { ...GOOD_GCP, network: { balancers: [PATH], ...network } },
    answers: {
      'gcp:compute/getBackendService:getBackendService': found,
      'gcp:compute/getRegionBackendService:getRegionBackendService': found,
      'gcp:compute/getHealthCheck:getHealthCheck': (inputs) => ({
        ...inputs,
        type: 'HTTP',
        httpHealthChecks: [ASKS],
        ...health,
      }),
    },
  });
}

const rangesOf = (run: ProgramRun) =>
  Object.fromEntries(
    run.resources
      .filter(({ type }) => type === FIREWALL)
      .map(({ inputs }) => [String(Object(inputs.allows)[0].ports[0]), inputs.sourceRanges]),
  );

describe('backend services of a load balancer on GCP', () => {
  it('find the signalling port by its name, and come to nodes from where Google says', async () => {
    const run = await runWith();
    assert.deepEqual(run.one(GROUP).inputs.namedPorts, [{ name: 'signal', port: 7880 }]);
    const google = ['35.191.0.0/16', '130.211.0.0/22'];
    assert.deepEqual(rangesOf(run), { 7880: ['0.0.0.0/0'], 7881: ['0.0.0.0/0'], 9876: google });
    const narrow = await runWith({ network: { signalFrom: ['10.0.0.0/8'], healthFrom: ['10.1.0.0/16'] } });
    assert.deepEqual(rangesOf(narrow), {
      7880: ['10.0.0.0/8', ...google],
      7881: ['0.0.0.0/0'],
      9876: ['10.1.0.0/16', ...google],
    });
  });

  it('change nothing of a pool without them', async () => {
    const run = await runUnderMocks({ settings: GOOD_GCP });
    assert.equal(run.one(GROUP).inputs.namedPorts, undefined);
    assert.deepEqual(Object.keys(rangesOf(run)), ['7880', '7881']);
  });

  const wrong: [string, There, RegExp][] = [
    ['that is not there', { service: { name: '' } }, /the project my-project has no such backend service/],
    [
      'that speaks TLS',
      { service: { protocol: 'HTTPS' } },
      /speaks HTTPS to nodes: it must speak HTTP or TCP/,
    ],
    [
      'that looks for another port',
      { service: { portName: 'http' } },
      /is called "http": it must be "signal"/,
    ],
    [
      'that asks another port',
      { health: { httpHealthChecks: [{ ...ASKS, port: 7880 }] } },
      /asks HTTP \/healthz on port 7880: it must be http:\/\/NODE:9876\/healthz/,
    ],
    [
      'that asks for another page',
      { health: { httpHealthChecks: [{ ...ASKS, requestPath: '/' }] } },
      /asks HTTP \/ on port 9876: it must be/,
    ],
    [
      'that asks the port that people are brought to',
      { health: { httpHealthChecks: [{ ...ASKS, portSpecification: 'USE_SERVING_PORT' }] } },
      /it must be http:\/\/NODE:9876\/healthz/,
    ],
    ['that only connects', { health: { type: 'TCP', httpHealthChecks: [] } }, /asks TCP : it must be/],
  ];
  for (const [what, there, says] of wrong) {
    it(`are refused at preview: one ${what}`, () =>
      assert.rejects(runWith({ ...there, preview: true }), says));
  }

  it('are taken as they are otherwise: of a region, where packets are only handed through', async () => {
    const network = { balancers: ['regions/europe-west1/backendServices/media'] };
    await runWith({ network, service: { loadBalancingScheme: 'EXTERNAL', protocol: 'TCP', portName: '' } });
  });

  describe('are warned of', () => {
    const read = (network: Record<string, unknown> = {}) =>
      settingsOf(
        readSettings(
          { values: configValues({ ...GOOD_GCP, network }), isSecret: () => true },
          { text: () => undefined, sha256: () => undefined },
        ).settings,
        'gcp',
      );
    const good = {
      isGlobal: true,
      name: 'media',
      ...SERVICE,
      healthChecks: [{ type: 'HTTP', httpHealthChecks: [ASKS] }],
    };
    const warned: [string, Partial<typeof good> | { healthChecks: [undefined] }, RegExp[]][] = [
      ['not where all is well', {}, []],
      ['without the group', { backends: [] }, [/add-backend media --global --instance-group ebbtide-media/]],
      ['with a short timeout', { timeoutSec: 30 }, [/a timeout of 30 s, which is the longest/]],
      ['of packets, which have none', { timeoutSec: 30, protocol: 'TCP' }, []],
      ['that cuts at once', { connectionDrainingTimeoutSec: 0 }, [/of a node that is to leave at once/]],
      ['that cuts soon', { connectionDrainingTimeoutSec: 300 }, [/is to leave after 5 min/]],
      [
        'with a check that cannot be read',
        { healthChecks: [undefined] },
        [/a health check that cannot be read/],
      ],
    ];
    for (const [what, changed, expected] of warned) {
      it(what, () => {
        const warnings = balancerWarnings({ ...good, ...changed }, 'network.balancers[0]', read(), NAMES);
        assert.equal(warnings.length, expected.length, JSON.stringify(warnings));
        for (const [index, { says }] of warnings.entries()) assert.match(says, expected[index] ?? /^$/);
      });
    }
    it('that comes from a subnet of its own, where not everybody may come', () => {
      const of = { ...good, isGlobal: false };
      const narrow = read({ signalFrom: ['10.0.0.0/8'] });
      const warnings = balancerWarnings(of, 'network.balancers[0]', narrow, NAMES);
      assert.match(warnings.map(({ says }) => says).join(), /^comes to nodes from the proxy-only subnet/);
    });
  });
});

describe('a way into a node on GCP', () => {
  const types = (run: ProgramRun) => run.resources.map(({ type, name }) => `${type} ${name}`).sort();

  it('is SSH from Identity-Aware Proxy alone, to the nodes alone, and only where it is asked for', async () => {
    const plain = await runUnderMocks({ settings: GOOD_GCP });
    const run = await runUnderMocks({ settings: { ...GOOD_GCP, access: { shell: true } } });
    const added = types(run).filter((each) => !types(plain).includes(each));
    assert.equal(rangesOf(plain)[22], undefined);
    assert.equal(added.length, 1);
    assert.match(added[0] ?? '', /^gcp:compute\/firewall:Firewall .*-shell$/);
    assert.deepEqual(rangesOf(run)[22], ['35.235.240.0/20']);
    const [rule] = run.resources.filter(({ name }) => name.endsWith('-network-shell'));
    assert.deepEqual(
      rule?.inputs.targetServiceAccounts,
      [
        run.resources.find(({ name }) => name.endsWith('-network-signal'))?.inputs.targetServiceAccounts,
      ].flat(),
    );
    assert.deepEqual(rule?.inputs.allows, [{ protocol: 'tcp', ports: ['22'] }]);
  });

  it('takes no keys', () =>
    assert.rejects(
      runUnderMocks({
        settings: { ...GOOD_GCP, access: { shell: true, keys: [`ssh-ed25519 ${'A'.repeat(68)}`] } },
      }),
      /access.keys is of no use on GCP, where OS Login goes by who you are/,
    ));
});

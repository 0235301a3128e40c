import assert from 'node:assert/strict';
import { parse } from 'yaml';
import { livekitTemplate } from '../../stacks/livekit-config.ts';

const ALL = { keys: true, redis: true };
const PORTS = { signal: 7880, rtcTcp: 7881, rtcUdp: 7882, metrics: 6789 };

describe('the LiveKit config template', () => {
  it('has metrics, keys and, where there is one, Redis', () => {
    const filled = (template: string) => parse(template.replaceAll(/\{\{(\w+)\}\}/g, '1'));
    assert.deepEqual(Object.keys(filled(livekitTemplate(undefined, ALL, PORTS).template)), [
      'port',
      'rtc',
      'prometheus',
      'keys',
      'redis',
    ]);
    const alone = livekitTemplate(undefined, { keys: true, redis: false }, PORTS);
    assert.deepEqual(Object.keys(filled(alone.template)), ['port', 'rtc', 'prometheus', 'keys']);
    assert.deepEqual(alone.problems, []);
  });

  it("switches metrics on in an operator's own", () => {
    const { template, problems } = livekitTemplate('port: {{signalPort}}\nkeys: {{keys}}', ALL, PORTS);
    assert.deepEqual(problems, []);
    assert.equal(template, 'port: {{signalPort}}\nkeys: {{keys}}\nprometheus:\n  port: {{metricsPort}}\n');
  });

  it("leaves an operator's own metrics as they are where the agent can read them", () => {
    const written = 'keys: {{keys}}\nprometheus: {port: {{metricsPort}}}\n';
    assert.deepEqual(livekitTemplate(written, ALL, PORTS), { template: written, problems: [], warnings: [] });
  });

  const wrong: [string, string, { keys: boolean; redis: boolean }, RegExp][] = [
    [
      'a placeholder that no node knows',
      'keys: {{key}}',
      ALL,
      /^media\.config names \{\{key\}\}, which no node knows; there are root,/,
    ],
    [
      'metrics elsewhere',
      'keys: {{keys}}\nprometheus: {port: 6790}',
      ALL,
      /^media\.config sets its own prometheus: must be/,
    ],
    [
      'metrics in the old way',
      'keys: {{keys}}\nprometheus_port: 6790',
      ALL,
      /^media\.config sets its own prometheus/,
    ],
    [
      'metrics behind a password',
      'keys: {{keys}}\nprometheus: {port: {{metricsPort}}, username: a, password: b}',
      ALL,
      /^media\.config sets its own/,
    ],
    [
      'a signalling port that the firewall does not open',
      'keys: {{keys}}\nport: 7900',
      ALL,
      /^media\.config sets port to 7900: must be \{\{signalPort\}\}, since .*media\.ports\.signal, which is 7880$/,
    ],
    [
      'a media port over TCP that the firewall does not open',
      'keys: {{keys}}\nrtc: {tcp_port: {{signalPort}}}',
      ALL,
      /^media\.config sets rtc\.tcp_port to 7880: must be \{\{rtcTcpPort\}\}/,
    ],
    [
      'a media port over UDP that the firewall does not open',
      'keys: {{keys}}\nrtc: {udp_port: 7882-7892}',
      ALL,
      /^media\.config sets rtc\.udp_port to "7882-7892": must be \{\{rtcUdpPort\}\}/,
    ],
    ['no keys', 'port: 7880', ALL, /^media\.config has no keys: must have "keys: \{\{keys\}\}"/],
    ['what is not YAML', 'keys: {{keys}}\n  port: [', ALL, /^media\.config is not YAML/],
    ['what is not a group', '- keys', ALL, /^media\.config is not YAML.*it is not a group of keys/],
    [
      'a secret that is not set',
      'keys: {{keys}}\nredis: {{redis}}',
      { keys: true, redis: false },
      /^mediaSecrets\.redis is missing: ebbtide:media\.config names/,
    ],
  ];
  for (const [what, written, has, problem] of wrong) {
    it(`refuses ${what}`, () => {
      const { problems } = livekitTemplate(written, has, PORTS);
      assert.equal(problems.length, 1, JSON.stringify(problems));
      assert.match(`${problems[0]?.key} ${problems[0]?.says}`, problem);
    });
  }

  it('takes ports that are what the settings say, and media over TCP switched off', () => {
    const ports = { ...PORTS, signal: 443, rtcUdp: '7882-7892' };
    for (const written of [
      'keys: {{keys}}\nport: 443\nrtc: {tcp_port: 0, udp_port: 7882-7892}',
      'keys: {{keys}}\nport: {{signalPort}}\nrtc: {tcp_port: {{rtcTcpPort}}, udp_port: {{rtcUdpPort}}}',
    ]) {
      const { problems, warnings } = livekitTemplate(written, ALL, ports);
      assert.deepEqual([problems, warnings], [[], []]);
    }
  });

  it('takes the range of ports that the settings open, a port for each person', () => {
    const written = 'keys: {{keys}}\nrtc: {port_range_start: 50000, port_range_end: 60000}';
    const { problems, warnings } = livekitTemplate(written, ALL, { ...PORTS, rtcUdp: '50000-60000' });
    assert.deepEqual([problems, warnings], [[], []]);
  });

  const warned: [string, string, RegExp[]][] = [
    ['a range of ports', 'rtc: {port_range_start: 50000, port_range_end: 60000}', [/port_range_start/]],
    [
      'TURN',
      'turn: {enabled: true, tls_port: 5349}',
      [/^media\.config switches turn on.* does not open those/],
    ],
    ['no TURN that is off', 'turn: {enabled: false}', []],
  ];
  for (const [what, written, expected] of warned) {
    it(`warns of ${what} behind the firewall`, () => {
      const { problems, warnings } = livekitTemplate(`keys: {{keys}}\n${written}`, ALL, PORTS);
      assert.deepEqual(problems, []);
      assert.equal(warnings.length, expected.length);
      for (const [index, warning] of warnings.entries())
        assert.match(`${warning.key} ${warning.says}`, expected[index] ?? /^$/);
    });
  }
});

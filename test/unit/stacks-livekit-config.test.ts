import assert from 'node:assert/strict';
import { parse } from 'yaml';
import { livekitTemplate } from '../../stacks/livekit-config.ts';

const ALL = { keys: true, redis: true };

describe('the LiveKit config template', () => {
  it('has metrics, keys and, where there is one, Redis', () => {
    const filled = (template: string) => parse(template.replaceAll(/\{\{(\w+)\}\}/g, '1'));
    assert.deepEqual(Object.keys(filled(livekitTemplate(undefined, ALL).template)), [
      'port',
      'rtc',
      'prometheus',
      'keys',
      'redis',
    ]);
    const alone = livekitTemplate(undefined, { keys: true, redis: false });
    assert.deepEqual(Object.keys(filled(alone.template)), ['port', 'rtc', 'prometheus', 'keys']);
    assert.deepEqual(alone.problems, []);
  });

  it("switches metrics on in an operator's own", () => {
    const { template, problems } = livekitTemplate('port: {{signalPort}}\nkeys: {{keys}}', ALL);
    assert.deepEqual(problems, []);
    assert.equal(template, 'port: {{signalPort}}\nkeys: {{keys}}\nprometheus:\n  port: {{metricsPort}}\n');
  });

  it("leaves an operator's own metrics as they are where the agent can read them", () => {
    const written = 'keys: {{keys}}\nprometheus: {port: {{metricsPort}}}\n';
    assert.deepEqual(livekitTemplate(written, ALL), { template: written, problems: [] });
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
      const { problems } = livekitTemplate(written, has);
      assert.equal(problems.length, 1, JSON.stringify(problems));
      assert.match(`${problems[0]?.key} ${problems[0]?.says}`, problem);
    });
  }
});

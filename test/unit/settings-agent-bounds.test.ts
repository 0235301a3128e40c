import assert from 'node:assert/strict';
import * as v from 'valibot';
import { agentConfigSchema } from '../../fleet/agent-config.ts';
import { awsRules } from '../../stacks/aws/settings.ts';
import { sharedSections } from '../../stacks/settings-schema.ts';

const sections = sharedSections(awsRules.words);
const DURATIONS = ['1ms', '100ms', '1s', '10s', '11s', '30s', '1h', '2h', '7d', '30d'];
const config = {
  pool: 'media',
  cloud: {
    kind: 'aws',
    region: 'eu-west-1',
    group: 'ebbtide-media',
    terminateHook: 'ebbtide-media-terminate',
  },
  registry: { kind: 'bucket', bucket: 'b', statusName: 'A:i-1' },
  media: {
    kind: 'livekit',
    metricsUrl: 'http://127.0.0.1:6789/metrics',
    runtime: { kind: 'systemd', unit: 'livekit.service' },
  },
};

/** A node whose agent refuses its configuration never serves: whatever a stack takes, its agents must take. */
describe('durations that a stack takes for its agents', () => {
  const rows = [
    ...['notice', 'spot', 'tags', 'runtime', 'unit', 'work', 'publish', 'heartbeat', 'retry'].map(
      (name) => ['every', name] as const,
    ),
    ...['metadata', 'api', 'media', 'runtime'].map((name) => ['timeout', name] as const),
  ];
  for (const [group, name] of rows) {
    it(`agent.${group}.${name}`, () => {
      const taken = DURATIONS.filter((written) => v.is(sections.agent, { [group]: { [name]: written } }));
      assert.ok(taken.length > 0 && taken.length < DURATIONS.length, taken.join(' '));
      for (const written of taken) {
        assert.ok(v.is(agentConfigSchema, { ...config, [group]: { [name]: written } }), written);
      }
    });
  }

  for (const name of ['ceiling', 'warnAfter']) {
    it(`scaleIn.${name}`, () => {
      const taken = DURATIONS.filter((written) => v.is(sections.scaleIn, { [name]: written }));
      assert.ok(taken.length > 0 && taken.length < DURATIONS.length, taken.join(' '));
      for (const written of taken) {
        assert.ok(v.is(agentConfigSchema, { ...config, scaleIn: { [name]: written } }), written);
      }
    });
  }
});

import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as v from 'valibot';
import { type AgentConfigFile, agentConfigSchema } from '../../fleet/agent-config.ts';
import { nodeCloudOf } from '../../node-agent/clouds/connect.ts';
import { coreSettings } from '../../node-agent/run.ts';

const HERE = { node: 'i-1', machine: '4711', zone: 'a', address: '10.0.0.7' };
const AWS = { kind: 'aws', region: 'eu-west-1', group: 'ebbtide-media', terminateHook: 'drain' } as const;

describe('what a cloud is to its nodes', () => {
  const rows: { given: string; cloud: AgentConfigFile['cloud']; want: object }[] = [
    {
      given: 'AWS, which tells by metadata and lets a node end itself',
      cloud: AWS,
      want: { noticeMs: 1_000, leavesBy: 'call', onRebalance: 'report' },
    },
    {
      given: 'AWS, where its advice to leave is to be followed',
      cloud: { ...AWS, onRebalance: 'drain' },
      want: { noticeMs: 1_000, leavesBy: 'call', onRebalance: 'drain' },
    },
    {
      given: 'Azure, by its mailbox',
      cloud: { kind: 'azure', runbook: { wakeUrlKey: 'secrets/wake-url' } },
      want: { noticeMs: 3_000, leavesBy: 'status', onRebalance: 'report' },
    },
    {
      given: 'DigitalOcean, by its mailbox',
      cloud: {
        kind: 'digitalocean',
        region: 'fra1',
        madeFor: HERE.machine,
        statusBucket: 'media-statuses',
        dropletFile: '/etc/ebbtide/droplet.json',
      },
      want: { noticeMs: 3_000, leavesBy: 'status', onRebalance: 'report' },
    },
    {
      given: 'GCP, by its mailbox',
      cloud: { kind: 'gcp', pruner: { url: 'https://pruner.example/' } },
      want: { noticeMs: 3_000, leavesBy: 'status', onRebalance: 'report' },
    },
  ];
  for (const { given, cloud, want } of rows) {
    it(given, () => {
      const config = v.parse(agentConfigSchema, {
        pool: 'media',
        cloud,
        registry: { kind: 'bucket', bucket: 'media', statusName: HERE.node },
        media: {
          kind: 'livekit',
          metricsUrl: 'http://127.0.0.1:6789/metrics',
          runtime: { kind: 'systemd', unit: 'livekit.service' },
        },
      });
      const { leavesBy, onRebalance, identity } = coreSettings(config, HERE);
      const { noticeMs } = nodeCloudOf(config);
      assert.deepEqual({ noticeMs, leavesBy, onRebalance }, want);
      assert.equal(identity.cloud, cloud.kind);
    });
  }
});

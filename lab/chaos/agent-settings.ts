import * as v from 'valibot';
import { type AgentConfig, agentConfigSchema } from '../../fleet/agent-config.ts';
import { METRICS_URL } from './metrics-page.ts';
import type { CommonPlan } from './plan.ts';

type ConfigInput = v.InferInput<typeof agentConfigSchema>;

/** What an agent's settings say that differs from cloud to cloud. */
export interface CloudSettings {
  cloud: ConfigInput['cloud'];
  registry: ConfigInput['registry'];
  /** Where a cloud's timer is kept alive. */
  heartbeatMs?: number;
  /** How often it is asked what it wants of the machine, and whether it takes it away. */
  noticeMs?: number;
  spotMs?: number;
}

/** The settings of an agent. Its intervals are longer than in earnest: a schedule has fewer things in it then. */
export function agentSettingsOf(
  plan: CommonPlan,
  { cloud, registry, heartbeatMs, noticeMs = 3_000, spotMs = 30_000 }: CloudSettings,
): AgentConfig {
  const ms = (value: number) => `${value}ms`;
  return v.parse(agentConfigSchema, {
    pool: 'chaos',
    cloud,
    registry,
    media: {
      kind: 'livekit',
      metricsUrl: METRICS_URL,
      runtime: { kind: 'systemd', unit: 'livekit.service' },
    },
    scaleIn: {
      ...(plan.ceilingMs === undefined ? {} : { ceiling: ms(plan.ceilingMs) }),
      onCeiling: plan.onCeiling,
      warnAfter: ms(plan.warnAfterMs),
    },
    every: {
      tick: '2s',
      notice: ms(noticeMs),
      spot: ms(spotMs),
      publish: '25s',
      tags: '60s',
      runtime: '3s',
      work: '4s',
      ...(heartbeatMs === undefined ? {} : { heartbeat: ms(heartbeatMs) }),
    },
  });
}

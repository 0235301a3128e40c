import type { AgentConfig } from '../fleet/agent-config.ts';
import type { DurableState } from './core/state.ts';
import { createLivekit } from './media/livekit.ts';
import { createOpenvidu } from './media/openvidu.ts';
import type { Ports } from './ports.ts';
import { containerOfLife, createDockerRuntime } from './runtime/docker.ts';
import { createDockerEngine } from './runtime/docker-engine.ts';
import { createMediaContainers } from './runtime/media-containers.ts';
import { createPidFileRuntime } from './runtime/pid-file.ts';
import { createSystemdRuntime } from './runtime/systemd.ts';

/** The part of the composition root that the kinds of media differ in: how their work is read, and how they are run. */
export function connectMedia(
  config: AgentConfig,
  durable: DurableState,
  now: () => number,
): Pick<Ports, 'media' | 'runtime'> {
  const { media, timeout, every } = config;
  const remembered = [...new Set([...durable.lives, ...durable.signals.map(({ process }) => process)])];
  const livekit = createLivekit({
    metricsUrl: media.metricsUrl,
    redisFile: media.redisFile,
    timeoutMs: timeout.media,
    now: Date.now,
  });
  if (media.kind === 'openvidu') {
    const { socketPath, restartPolicy } = media.runtime;
    const engine = createDockerEngine({ socketPath, timeoutMs: timeout.runtime });
    const readContainers = createMediaContainers(engine, media.containers, remembered.map(containerOfLife));
    const { egress, ingress, agents } = media;
    return {
      media: createOpenvidu({ livekit, readContainers, egress, ingress, agents, timeoutMs: timeout.media }),
      runtime: createDockerRuntime({ engine, readContainers, restartPolicy, now }),
    };
  }
  const { name, runtime } = media;
  switch (runtime.kind) {
    case 'systemd': {
      const { unit } = runtime;
      const systemd = { name, unit, timeoutMs: timeout.runtime, askEveryMs: every.unit, now };
      return { media: livekit, runtime: createSystemdRuntime(systemd) };
    }
    case 'pid-file': {
      const { path, start } = runtime;
      return { media: livekit, runtime: createPidFileRuntime({ name, path, start, remembered }) };
    }
    case 'docker': {
      const { socketPath, restartPolicy, container } = runtime;
      const engine = createDockerEngine({ socketPath, timeoutMs: timeout.runtime });
      const names = { livekit: container };
      const readContainers = createMediaContainers(engine, names, remembered.map(containerOfLife));
      return { media: livekit, runtime: createDockerRuntime({ engine, readContainers, restartPolicy, now }) };
    }
  }
}

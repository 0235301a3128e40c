import type { AgentConfig } from '../fleet/agent-config.ts';
import type { Clock } from '../fleet/clock.ts';
import { nodeCloudOf } from './clouds/connect.ts';
import type { AgentEvent } from './core/event.ts';
import type { Cpu } from './cpu.ts';
import type { Ports } from './ports.ts';

/** Whatever time brings is looked at here, each thing at its own interval, and comes in as events. */
export interface Pollers {
  stop(): void;
}

const CPU_MS = 5_000;

export function startPollers(
  config: AgentConfig,
  ports: Ports,
  cpu: Cpu,
  clock: Clock,
  dispatch: (event: AgentEvent) => void,
): Pollers {
  const { every } = config;
  const { now } = clock;
  const waits = new Set<() => void>();
  let stopped = false;

  /** Looks again one interval after the last look was over, so that a slow answer never piles up. */
  function look(everyMs: number, read: () => Promise<AgentEvent | undefined>): void {
    async function once(): Promise<void> {
      const startedAt = now();
      const event = await read();
      if (stopped) return;
      if (event !== undefined) dispatch(event);
      again(Math.max(0, everyMs - (now() - startedAt)));
    }
    function again(afterMs: number): void {
      const cancel = clock.after(afterMs, () => {
        waits.delete(cancel);
        void once();
      });
      waits.add(cancel);
    }
    void once();
  }

  look(every.tick, async () => ({ kind: 'tick', at: now() }));
  look(every.runtime, async () => {
    const reading = await ports.runtime.read();
    return { kind: 'runtime-read', reading, at: now() };
  });
  look(every.work, async () => {
    const reading = await ports.media.readWork();
    return { kind: 'work-read', reading, at: now() };
  });
  look(every.notice ?? nodeCloudOf(config).noticeMs, async () => {
    const reading = await ports.cloud.readTarget();
    return { kind: 'target-read', reading, at: now() };
  });
  look(every.spot, async () => {
    const reading = await ports.cloud.readInterruption();
    // Unknown is no notice; the next look is seconds away.
    return reading.kind === 'interrupted'
      ? {
          kind: 'interruption',
          interruption: { deadline: reading.deadline, by: reading.by },
          at: now(),
        }
      : undefined;
  });
  look(every.spot, async () => {
    const reading = await ports.cloud.readAdvice();
    if (reading.kind === 'unknown') return undefined;
    return { kind: 'advice', advice: reading.kind === 'advised' ? reading.text : null, at: now() };
  });
  const { setup } = ports;
  if (setup !== undefined)
    look(every.unit, async () => {
      const reading = await setup.read();
      return { kind: 'setup-read', reading, at: now() };
    });
  const { schedule } = ports.cloud;
  if (schedule !== undefined)
    look(every.spot, async () => {
      const reading = await schedule.read();
      return reading.kind === 'known'
        ? { kind: 'schedule-read', events: reading.events, at: now() }
        : undefined;
    });
  look(every.tags, async () => {
    const reading = await ports.cloud.readProtected();
    return reading.kind === 'known'
      ? { kind: 'protected-read', protected: reading.set, at: now() }
      : undefined;
  });
  look(CPU_MS, async () => ({ kind: 'cpu-read', cpu: cpu.used(), at: now() }));

  return {
    stop() {
      stopped = true;
      for (const cancel of waits) cancel();
    },
  };
}

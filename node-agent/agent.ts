import type { AgentConfig } from '../fleet/agent-config.ts';
import type { Clock } from '../fleet/clock.ts';
import type { NodeStatus } from '../fleet/status.ts';
import type { AgentEvent, Command } from './core/event.ts';
import { explain } from './core/explain.ts';
import type { CoreSettings } from './core/settings.ts';
import type { AgentState, DurableState } from './core/state.ts';
import { statusOf, takesWork } from './core/status.ts';
import { transition } from './core/transition.ts';
import type { Cpu } from './cpu.ts';
import { createExecutor, type Reply } from './executor.ts';
import type { Metric } from './operator/exposition.ts';
import { metricsOf } from './operator/metrics.ts';
import { startPollers } from './pollers.ts';
import type { Ports } from './ports.ts';

/** What the agent tells, and what an operator may ask of it. */
export interface Agent {
  status(): NodeStatus;
  durable(): DurableState;
  /** How it stands, for Prometheus. */
  metrics(): Metric[];
  takesWork(): boolean;
  explain(): string;
  command(command: Command): Promise<Reply>;
  now(): number;
  stop(): void;
}

/** Runs the core: events in, one after the other; effects out, each on its own. */
export function startAgent(
  config: AgentConfig,
  settings: CoreSettings,
  ports: Ports,
  cpu: Cpu,
  start: AgentState,
  clock: Clock,
): Agent {
  const { now } = clock;
  let state = start;
  let lastRequest = 0;
  const waiting = new Map<number, (reply: Reply) => void>();
  const executor = createExecutor(ports, settings.identity.node, clock, dispatch, (request, answer) => {
    waiting.get(request)?.({ accepted: answer.accepted, text: answer.text });
    waiting.delete(request);
  });

  function dispatch(event: AgentEvent): void {
    const step = transition(state, event, settings);
    state = step.state;
    for (const effect of step.effects) void executor.run(effect);
  }

  const pollers = startPollers(config, ports, cpu, clock, dispatch);

  return {
    status: () => statusOf(state, settings, now()),
    durable: () => state.durable,
    metrics: () => {
      const at = now();
      return metricsOf({ status: statusOf(state, settings, at), state, settings, at });
    },
    takesWork: () => takesWork(state, settings, now()),
    explain: () => explain(state, settings, statusOf(state, settings, now()), now()),
    command: (asked) =>
      new Promise((resolve) => {
        lastRequest += 1;
        waiting.set(lastRequest, resolve);
        dispatch({ kind: 'command', request: lastRequest, command: asked, at: now() });
      }),
    now,
    stop: () => pollers.stop(),
  };
}

import type { AgentConfig } from '../fleet/agent-config.ts';
import type { Clock } from '../fleet/clock.ts';
import type { NodeStatus } from '../fleet/status.ts';
import type { AgentEvent, Command } from './core/event.ts';
import { explain } from './core/explain.ts';
import type { CoreSettings } from './core/settings.ts';
import type { AgentState, DurableState, PublishedUpdate } from './core/state.ts';
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
  /** What is known of another agent that was published for this node. */
  tellUpdate(update: PublishedUpdate | null): void;
  /** It has said how it is, and knows what the cloud wants. */
  isUp(): boolean;
  /** Nothing is half done that the next agent could only guess at. */
  isQuiet(): boolean;
  /** Nobody is about to take the machine away. */
  stays(): boolean;
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
    tellUpdate: (update) => dispatch({ kind: 'update-read', update, at: now() }),
    isUp: () => state.observed.published !== null && state.observed.target !== null,
    isQuiet: () => isQuiet(state),
    stays: () =>
      state.durable.phase !== 'leaving' &&
      !(state.durable.phase === 'empty' && state.durable.decision?.intent === 'leave'),
    now,
    stop: () => pollers.stop(),
  };
}

function isQuiet({ durable, observed }: AgentState): boolean {
  const { revision, savedRevision, signalling, release, start, promises } = observed;
  const intends = durable.signals.some(
    ({ state }) => state === 'about-to-signal' || state === 'about-to-cut',
  );
  const waits = signalling.length > 0 || release.inFlight || start.inFlight || promises.length > 0;
  return savedRevision >= revision && !intends && !waits;
}

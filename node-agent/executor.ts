import type { Clock } from '../fleet/clock.ts';
import { describeError } from '../fleet/error.ts';
import type { DecisionReading } from '../fleet/registry.ts';
import type { Effect, Outcome } from './core/effect.ts';
import type { AgentEvent } from './core/event.ts';
import { DECISION_WAIT_MS } from './core/settings.ts';
import type { Ports } from './ports.ts';

export type Reply = { accepted: boolean; text: string };

export interface Executor {
  /** Carries out one effect; its outcome comes back as an event. Never rejects. */
  run(effect: Effect): Promise<void>;
}

/** The one place where effects become deeds. */
export function createExecutor(
  ports: Ports,
  node: string,
  clock: Clock,
  dispatch: (event: AgentEvent) => void,
  reply: (request: number, answer: Reply) => void,
): Executor {
  const { now } = clock;

  async function run(effect: Effect): Promise<void> {
    switch (effect.kind) {
      case 'log':
        ports.log(effect.level, effect.event, effect.fields);
        return;
      case 'reply':
        reply(effect.request, effect);
        return;
      case 'read-decision':
        dispatch({ kind: 'decision-read', reading: await readDecision(), at: now() });
        return;
      case 'read-drain':
        dispatch({
          kind: 'drain-read',
          process: effect.process,
          reading: await ports.media.readDrain(),
          at: now(),
        });
        return;
      case 'save':
      case 'signal':
      case 'cut':
      case 'start-media':
      case 'keep-down':
      case 'hold':
      case 'release':
      case 'ready':
      case 'acknowledge':
      case 'publish':
      case 'inhibit': {
        const outcome = await attempt(effect);
        dispatch({ kind: 'outcome', effect, outcome, at: now() });
        return;
      }
    }
  }

  async function attempt(
    effect: Exclude<Effect, { kind: 'log' | 'reply' | 'read-decision' | 'read-drain' }>,
  ): Promise<Outcome> {
    try {
      switch (effect.kind) {
        case 'save':
          await ports.stateFile.save(effect.state);
          return { kind: 'done' };
        case 'publish':
          await ports.registry.writeStatus(effect.status);
          return { kind: 'done' };
        case 'signal':
          return await ports.runtime.signal(effect.process);
        case 'cut':
          return await ports.runtime.cut(effect.process, effect.kill);
        case 'start-media':
          return await ports.runtime.start();
        case 'keep-down': {
          const { keepDown } = ports.runtime;
          if (keepDown !== undefined) return await keepDown(effect.names);
          return { kind: 'nothing-to-do', text: 'this runtime ends such a loop by itself' };
        }
        case 'hold':
          return await ports.cloud.hold();
        case 'release':
          return await ports.cloud.release();
        case 'ready':
          return await ports.cloud.ready();
        case 'acknowledge': {
          const { schedule } = ports.cloud;
          if (schedule !== undefined) return await schedule.acknowledge(effect.events);
          return { kind: 'nothing-to-do', text: 'this cloud schedules nothing that a machine consents to' };
        }
        case 'inhibit':
          return await ports.inhibitor.set(effect.on);
      }
    } catch (cause) {
      return { kind: 'failed', problem: describeError(cause) };
    }
  }

  /** The reason is worth a short wait, not a late signal. */
  async function readDecision(): Promise<DecisionReading> {
    let stopWaiting: (() => void) | undefined;
    const late = new Promise<DecisionReading>((resolve) => {
      const reason = `no answer within ${DECISION_WAIT_MS} ms`;
      stopWaiting = clock.after(DECISION_WAIT_MS, () => resolve({ kind: 'unknown', reason }));
    });
    try {
      return await Promise.race([ports.registry.readDecision(node), late]);
    } catch (cause) {
      return { kind: 'unknown', reason: describeError(cause) };
    } finally {
      stopWaiting?.();
    }
  }

  return { run };
}

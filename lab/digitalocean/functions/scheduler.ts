import type { CloudClock } from '../../cloud/clock.ts';
import { runEvery } from '../../cloud/run-every.ts';
import type { FunctionsModel, Namespace, Trigger } from '../functions-api/model.ts';
import type { Activations } from './activations.ts';

export interface Scheduler {
  begin(): void;
  /** No trigger fires meanwhile. */
  silence(isSilent: boolean): void;
  close(): void;
}

const MINUTE_MS = 60_000;

/** Calls what triggers name, by the cloud's clock. */
export function createScheduler(
  model: FunctionsModel,
  activations: Pick<Activations, 'invoke'>,
  clock: CloudClock,
): Scheduler {
  const busy = new Set<string>();
  let isSilent = false;
  let end: () => void = () => undefined;

  async function fire(namespace: Namespace, trigger: Trigger): Promise<void> {
    const action = namespace.actions.get(trigger.function);
    const key = `${namespace.id}/${trigger.name}`;
    // A minute of a fast clock is shorter than a run: what comes due meanwhile is left out.
    if (action === undefined || busy.has(key)) return;
    busy.add(key);
    trigger.lastRunAt = Date.now();
    await activations.invoke(namespace, action, { ...trigger.body }, `trigger ${trigger.name}`);
    busy.delete(key);
  }

  async function tick(): Promise<void> {
    if (isSilent) return;
    const minute = Math.floor(clock.now() / MINUTE_MS);
    for (const namespace of model.namespaces.values()) {
      for (const trigger of namespace.triggers.values()) {
        if (trigger.isEnabled && minute % everyMinutes(trigger.cron) === 0) void fire(namespace, trigger);
      }
    }
  }

  return {
    begin() {
      end = runEvery(MINUTE_MS, tick, clock);
    },
    silence(silent) {
      isSilent = silent;
    },
    close: () => end(),
  };
}

/** As much of cron as a pool has a use for. */
function everyMinutes(cron: string): number {
  const [whole, minutes] = /^\*(?:\/(\d+))? \* \* \* \*$/.exec(cron) ?? [];
  if (whole === undefined) throw new Error(`the twin knows schedules of every so many minutes, not ${cron}`);
  return Number(minutes ?? 1);
}

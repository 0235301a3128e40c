import type { FunctionsApi } from './functions/api.ts';
import type { Inside } from './functions/kind.ts';

/** What makes droplets, as it stands. `runsMs`: how long a run of it that has begun may go on. */
export type OrchestratorState = { kind: 'gone' } | { kind: 'awake' | 'shut'; runsMs: number };

/** The one that makes droplets. Both are safe to repeat. */
export interface SweptOrchestrator {
  read(signal: AbortSignal): Promise<OrchestratorState>;
  /** Nothing wakes it any more: no trigger, no node. */
  shut(signal: AbortSignal): Promise<void>;
}

export interface SweptOrchestratorOptions {
  api: Pick<FunctionsApi, 'triggers' | 'updateTrigger'>;
  inside(namespace: string): Promise<Inside | undefined>;
  namespace: string;
  /** `PACKAGE/ACTION` */
  function: string;
}

const WEB = 'web-export';

export function createSweptOrchestrator({
  api,
  inside,
  namespace,
  function: name,
}: SweptOrchestratorOptions): SweptOrchestrator {
  /** Triggers first: they call by themselves, each minute. Whatever is in the namespace is the pool's. */
  async function enabledTriggers(signal: AbortSignal) {
    return (await api.triggers(namespace, signal))?.filter(({ enabled }) => enabled);
  }

  async function orchestrator(signal: AbortSignal) {
    const whisk = (await inside(namespace))?.whisk;
    const action = await whisk?.action(name, signal);
    return whisk === undefined || action === undefined ? undefined : { whisk, action };
  }

  return {
    async read(signal) {
      const triggers = await enabledTriggers(signal);
      const found = await orchestrator(signal);
      if (found === undefined) return { kind: 'gone' };
      const { annotations, limits } = found.action;
      const isOpen = annotations.some(({ key, value }) => key === WEB && value !== false);
      const isAwake = isOpen || (triggers ?? []).length > 0;
      return { kind: isAwake ? 'awake' : 'shut', runsMs: limits.timeout };
    },
    async shut(signal) {
      for (const trigger of (await enabledTriggers(signal)) ?? [])
        await api.updateTrigger(namespace, { ...trigger, enabled: false }, signal);
      const found = await orchestrator(signal);
      if (found === undefined) return;
      // All else of it stays as it is.
      const others = found.action.annotations.filter(({ key }) => key !== WEB);
      await found.whisk.putAction(
        name,
        { annotations: [...others, { key: WEB, value: false }] },
        true,
        signal,
      );
    },
  };
}

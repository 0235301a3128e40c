import { describeError } from '../../../fleet/error.ts';
import type { CloudClock } from '../../cloud/clock.ts';
import type { Happening } from '../../cloud/events.ts';
import type { RunningScaleSet } from '../compute/scale-set.ts';
import type { AutoscaleSetting } from '../model.ts';
import { decideScaling } from './autoscale-decision.ts';
import type { CpuMetric } from './cpu-metric.ts';
import { tickEvery } from './ticking.ts';

export interface Autoscale {
  readonly setting: AutoscaleSetting;
  change(setting: AutoscaleSetting): void;
  begin(): void;
  end(): void;
}

const EVERY_MS = 60_000;

/** Azure's autoscale over one set. What it cannot do, as where all are protected, it says and tries again. */
export function createAutoscale(
  first: AutoscaleSetting,
  set: RunningScaleSet,
  metric: CpuMetric,
  clock: CloudClock,
  emit: (happening: Happening) => void,
): Autoscale {
  let setting = first;
  let scaledAt: number | undefined;
  let cancel: (() => void) | undefined;

  function tick(): void {
    if (!setting.enabled) return;
    const scaling = decideScaling(setting, { capacity: set.capacity(), metric, now: clock.now(), scaledAt });
    if (scaling === undefined) return;
    try {
      set.resize(scaling.capacity, 'autoscale', scaling.why);
      scaledAt = clock.now();
    } catch (cause) {
      emit({ kind: 'function-log', function: 'autoscale', line: describeError(cause) });
    }
  }

  return {
    get setting() {
      return setting;
    },
    change(next) {
      setting = next;
    },
    begin() {
      tick();
      cancel ??= tickEvery(clock, EVERY_MS, tick);
    },
    end() {
      cancel?.();
    },
  };
}

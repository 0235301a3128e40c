import type { CloudClock } from '../../cloud/clock.ts';
import type { AutoscalerModel } from '../model.ts';
import type { Instance } from './instance.ts';
import type { ManagedGroup } from './managed-group.ts';
import { recommend, type Sample, STABILIZATION_MS } from './recommendation.ts';

export interface StatusDetail {
  type: string;
  message: string;
}

/** What the API says of an autoscaler. */
export interface AutoscalerState {
  status: 'PENDING' | 'ACTIVE' | 'ERROR' | 'DELETING';
  statusDetails: StatusDetail[];
  /** Undefined until it has one. */
  recommendedSize: number | undefined;
}

export interface Autoscaler {
  readonly model: AutoscalerModel;
  state(): AutoscalerState;
  /** Another word of it than its own, from now on; undefined for its own again. */
  pretend(state: Partial<AutoscalerState> | undefined): void;
  change(model: AutoscalerModel): void;
  begin(): void;
  end(): void;
}

const EVERY_MS = 10_000;

/** Watches the CPU of a group's machines, and asks for more of them; in mode ON for fewer too. */
export function createAutoscaler(
  first: AutoscalerModel,
  group: ManagedGroup,
  clock: CloudClock,
  mode: (model: AutoscalerModel) => AutoscalerModel['mode'],
): Autoscaler {
  let model = first;
  let samples: Sample[] = [];
  let recommended: number | undefined;
  let pretended: Partial<AutoscalerState> | undefined;
  let cancel: (() => void) | undefined;

  function tick(): void {
    const counted = group.members().filter((instance) => counts(instance, model, clock.now()));
    const load = counted.reduce((sum, { machine }) => sum + (machine?.cpu() ?? 0) / 100, 0);
    if (counted.length > 0) samples.push({ at: clock.now(), load });
    samples = samples.filter(({ at }) => at > clock.now() - STABILIZATION_MS);
    follow(
      recommend(model, samples, group.targetSize(), clock.now()),
      `the load is that of ${load.toFixed(2)} busy machines`,
    );
    cancel = clock.at((Math.floor(clock.now() / EVERY_MS) + 1) * EVERY_MS, tick);
  }

  function follow(own: number, why: string): void {
    const size = pretended?.recommendedSize ?? own;
    const before = recommended ?? 0;
    recommended = size;
    const target = group.targetSize();
    switch (mode(model)) {
      case 'OFF':
        return;
      case 'ON':
        group.resize(size, 'autoscaler', why);
        return;
      case 'ONLY_SCALE_OUT':
        // A machine that was taken out is not replaced while no more are recommended than before.
        if (size > target && (size > before || target < model.min)) group.resize(size, 'autoscaler', why);
        return;
    }
  }

  return {
    get model() {
      return model;
    },
    state: () => ({
      status: recommended === undefined ? 'PENDING' : 'ACTIVE',
      statusDetails: detailsOf(mode(model), model, recommended),
      recommendedSize: recommended,
      ...pretended,
    }),
    pretend(state) {
      pretended = state;
      if (cancel === undefined) return;
      follow(
        recommend(model, samples, group.targetSize(), clock.now()),
        'the autoscaler was told what to say',
      );
    },
    change(next) {
      model = next;
    },
    begin: tick,
    end() {
      cancel?.();
    },
  };
}

/** A machine that initializes says nothing about the load yet. */
function counts(instance: Instance, { initializationMs }: AutoscalerModel, now: number): boolean {
  return (
    instance.status === 'RUNNING' &&
    instance.action === 'NONE' &&
    now - instance.launchedAt >= initializationMs
  );
}

/** Some of these say that all is well: whoever reads them must not take each for an error. */
function detailsOf(
  mode: AutoscalerModel['mode'],
  { min, max }: AutoscalerModel,
  recommended: number | undefined,
): StatusDetail[] {
  const details: StatusDetail[] = [];
  if (mode === 'ONLY_SCALE_OUT') {
    details.push({ type: 'MODE_ONLY_SCALE_OUT', message: 'The autoscaler will only scale out.' });
  }
  if (mode === 'OFF') details.push({ type: 'MODE_OFF', message: 'The autoscaler is turned off.' });
  if (min === max) details.push({ type: 'MIN_EQUALS_MAX', message: 'The minimum equals the maximum.' });
  else if (recommended === max) {
    details.push({
      type: 'CAPPED_AT_MAX_NUM_REPLICAS',
      message: 'The autoscaler recommends as many instances as its maximum allows.',
    });
  }
  return details;
}

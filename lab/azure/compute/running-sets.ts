import type { Changes } from '../../cloud/changes.ts';
import type { CloudClock } from '../../cloud/clock.ts';
import type { Happening } from '../../cloud/events.ts';
import { sameId } from '../ids.ts';
import type { AutoscaleSetting, ScaleSet } from '../model.ts';
import { type Autoscale, createAutoscale } from '../monitor/autoscale.ts';
import { withOrdinaryScaleIn } from '../monitor/autoscale-decision.ts';
import { type CpuMetric, createCpuMetric } from '../monitor/cpu-metric.ts';
import { tickEvery } from '../monitor/ticking.ts';
import type { Machines } from './machines.ts';
import { createScaleSet, type RunningScaleSet } from './scale-set.ts';

/** The scale sets of a twin, what is measured of each, and the autoscale that moves them. */
export interface RunningSets {
  all(): readonly RunningScaleSet[];
  find(id: string): RunningScaleSet | undefined;
  metric(id: string): CpuMetric | undefined;
  autoscale(set: string): Autoscale | undefined;
  /** Until then no set launches anything. */
  begin(): void;
  provision(sets: Changes<ScaleSet>, settings: Changes<AutoscaleSetting>): void;
  close(): void;
}

export interface RunningSetsOptions {
  mode: 'ebbtide' | 'control';
  clock: CloudClock;
  machines: Machines;
  emit(happening: Happening): void;
}

interface Running {
  set: RunningScaleSet;
  metric: CpuMetric;
}

const MINUTE_MS = 60_000;

export function createRunningSets({ mode, clock, machines, emit }: RunningSetsOptions): RunningSets {
  const running: Running[] = [];
  const settings: Autoscale[] = [];
  let begun = false;
  let cancel: (() => void) | undefined;

  const find = (id: string) => running.find(({ set }) => sameId(set.set.id, id));

  function add(model: ScaleSet): void {
    const set = createScaleSet({ set: model, mode, clock, machines, seed: `${mode} ${model.id}`, emit });
    running.push({ set, metric: createCpuMetric(set) });
    if (begun) set.begin();
  }

  function remove({ id }: ScaleSet): void {
    const found = find(id);
    if (found === undefined) return;
    running.splice(running.indexOf(found), 1);
    // Azure deletes the machines with their set.
    for (const member of found.set.members()) void found.set.remove(member, 'its scale set is deleted');
    found.set.close();
  }

  /** A set is written whole: with it the number that its program gave. */
  function change(model: ScaleSet): void {
    const set = find(model.id)?.set;
    set?.change(model);
    if (begun) set?.resize(model.capacity, 'update', 'the set was written with it');
  }

  /** The control run has the rules that people give a set without Ebbtide. */
  const asRun = (setting: AutoscaleSetting) => (mode === 'control' ? withOrdinaryScaleIn(setting) : setting);

  function scale(setting: AutoscaleSetting): void {
    const found = find(setting.target);
    if (found === undefined)
      throw new Error(`the autoscale setting ${setting.id} is for no scale set of the twin`);
    const autoscale = createAutoscale(asRun(setting), found.set, found.metric, clock, emit);
    settings.push(autoscale);
    if (begun) autoscale.begin();
  }

  function end(id: string): void {
    const index = settings.findIndex(({ setting }) => sameId(setting.id, id));
    if (index >= 0) settings.splice(index, 1)[0]?.end();
  }

  return {
    all: () => running.map(({ set }) => set),
    find: (id) => find(id)?.set,
    metric: (id) => find(id)?.metric,
    autoscale: (set) => settings.find(({ setting }) => sameId(setting.target, set)),
    begin() {
      begun = true;
      for (const { set } of running) set.begin();
      cancel = tickEvery(clock, MINUTE_MS, () => {
        for (const { metric } of running) metric.take(clock.now());
      });
      for (const autoscale of settings) autoscale.begin();
    },
    provision(sets, changed) {
      for (const { id } of changed.removed) end(id);
      for (const set of sets.removed) remove(set);
      for (const { after } of sets.changed) change(after);
      for (const set of sets.added) add(set);
      for (const { after } of changed.changed) {
        settings.find(({ setting }) => sameId(setting.id, after.id))?.change(asRun(after));
      }
      for (const setting of changed.added) scale(setting);
    },
    close() {
      cancel?.();
      for (const autoscale of settings) autoscale.end();
      for (const { set } of running) set.close();
    },
  };
}

import type { Changes } from '../../cloud/changes.ts';
import type { CloudClock } from '../../cloud/clock.ts';
import type { Happening } from '../../cloud/events.ts';
import type { Group } from '../model.ts';
import { type Autoscaler, createAutoscaler } from './autoscaler.ts';
import type { Machines } from './machines.ts';
import { createManagedGroup, type ManagedGroup } from './managed-group.ts';

/** The groups of a twin, each with the autoscaler that scales it. */
export interface RunningGroups {
  all(): readonly ManagedGroup[];
  find(name: string): ManagedGroup | undefined;
  autoscaler(name: string): Autoscaler | undefined;
  autoscalers(): readonly Autoscaler[];
  /** Until then no group launches anything. */
  begin(): void;
  provision(changes: Changes<Group>): void;
  close(): void;
}

export interface RunningGroupsOptions {
  mode: 'ebbtide' | 'control';
  clock: CloudClock;
  machines: Machines;
  emit(happening: Happening): void;
}

export function createRunningGroups({ mode, clock, machines, emit }: RunningGroupsOptions): RunningGroups {
  const groups = new Map<string, ManagedGroup>();
  const autoscalers = new Map<string, Autoscaler>();
  let begun = false;

  function add(group: Group): void {
    const managed = createManagedGroup({ group, clock, machines, seed: `${mode}-${group.name}`, emit });
    groups.set(group.name, managed);
    if (begun) managed.begin();
    scale(managed);
  }

  function scale(managed: ManagedGroup): void {
    const { autoscaler: model, name } = managed.group;
    const running = autoscalers.get(name);
    if (model === undefined) {
      running?.end();
      autoscalers.delete(name);
    } else if (running !== undefined) running.change(model);
    else {
      // The control lets Google's own autoscaler do all that it does.
      const autoscaler = createAutoscaler(model, managed, clock, (now) =>
        mode === 'control' ? 'ON' : now.mode,
      );
      autoscalers.set(name, autoscaler);
      if (begun) autoscaler.begin();
    }
  }

  return {
    all: () => [...groups.values()],
    find: (name) => groups.get(name),
    autoscaler: (name) => [...autoscalers.values()].find(({ model }) => model.name === name),
    autoscalers: () => [...autoscalers.values()],
    begin() {
      begun = true;
      for (const managed of groups.values()) managed.begin();
      for (const autoscaler of autoscalers.values()) autoscaler.begin();
    },
    provision({ added, changed, removed }) {
      for (const { name } of removed) {
        autoscalers.get(name)?.end();
        autoscalers.delete(name);
        const managed = groups.get(name);
        // Google deletes the machines with their group; those that were taken out of it stay.
        managed?.remove(managed.members());
        managed?.close();
        groups.delete(name);
      }
      for (const { after } of changed) {
        const managed = groups.get(after.name);
        if (managed === undefined) continue;
        managed.change(after);
        scale(managed);
      }
      for (const group of added) add(group);
    },
    close() {
      for (const autoscaler of autoscalers.values()) autoscaler.end();
      for (const managed of groups.values()) managed.close();
    },
  };
}

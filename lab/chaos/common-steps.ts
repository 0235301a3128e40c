import type { World, WorldKit } from './cloud.ts';
import type { Mischiefs } from './mischiefs.ts';
import type { CommonStep } from './step.ts';
import { placeOf } from './which.ts';

/** Carries out what can happen in any cloud. */
export function applyCommon(
  step: CommonStep,
  nodes: ReturnType<World<never>['nodes']>,
  mischiefs: Mischiefs,
  tell: WorldKit['tell'],
): void {
  switch (step.kind) {
    case 'network': {
      const { callers } = step;
      if (typeof callers === 'string') {
        mischiefs.add({ ...step, callers });
        return;
      }
      const node = placeOf(callers.node, nodes);
      if (node !== undefined) mischiefs.add({ ...step, callers: { node } });
      return;
    }
    case 'room': {
      // As LiveKit's nodes do among themselves: a new room goes to one that runs and does not drain.
      const open = nodes.filter(({ node }) => node.unit.life()?.draining === false);
      const chosen = open[step.node % Math.max(1, open.length)]?.node;
      if (chosen === undefined) return;
      tell({ kind: 'room', node: chosen.id, people: step.people, forMs: step.forMs });
      chosen.suffer(step);
      return;
    }
    default: {
      const place = placeOf(step.node, nodes);
      const member = place === undefined ? undefined : nodes[place];
      if (member !== undefined && member.standing !== 'gone') member.node.suffer(step);
    }
  }
}

import type { Registry } from '../../fleet/registry.ts';
import type { TargetReading } from '../core/state.ts';
import type { MachineIdentity } from './cloud.ts';

/**
 * Where a cloud does not tell a machine that it is to go, its decision in the registry does. Only a decision to leave
 * about this very machine is one: a name may come again, and what was decided about an earlier machine of that name
 * says nothing of this one.
 */
export async function readMailbox(
  registry: Pick<Registry, 'readDecision'>,
  { node, machine }: MachineIdentity,
): Promise<TargetReading> {
  const reading = await registry.readDecision(node);
  switch (reading.kind) {
    case 'none':
      return { kind: 'stay' };
    case 'unknown':
      return reading;
    case 'decided': {
      const { decision } = reading;
      if (decision.machine === undefined && machine !== undefined) {
        const reason = `decision ${decision.id} does not say which machine of the name ${node} it means`;
        return { kind: 'unknown', reason };
      }
      if (decision.machine !== machine || decision.intent !== 'leave') return { kind: 'stay' };
      return { kind: 'leave', decision };
    }
  }
}

import * as v from 'valibot';
import { type Cause, decisionSchema } from '../../fleet/decision.ts';
import type { KeptInstance, MachineBook } from './machines.ts';

const readDecision = v.safeParser(v.pipe(v.string(), v.parseJson(), decisionSchema));

/** What a decision object says of one machine: that it is to leave. */
interface Leaving {
  node: string;
  /** Undefined: whichever has that name. */
  machine: string | undefined;
  cause: Cause;
}

function readLeaving(key: string, body: Buffer): Leaving | undefined {
  const [, node] = /^decisions\/(.+)\.json$/.exec(key) ?? [];
  if (node === undefined) return undefined;
  const parsed = readDecision(body.toString('utf8'));
  if (!parsed.success || parsed.output.intent !== 'leave') return undefined;
  const { machine, cause } = parsed.output;
  return { node, machine, cause };
}

/**
 * Outside of AWS a machine's end is decided when its decision object is written: what the rehearsal counts from. `idOf`:
 * the cloud's own id of a machine, in the letters that it is compared in.
 */
export function noticeDecision<Instance extends KeptInstance>(
  { key, body }: { key: string; body: Buffer },
  machines: Pick<MachineBook<Instance>, 'present' | 'decide'>,
  idOf: (instance: Instance) => string,
): void {
  const leaving = readLeaving(key, body);
  if (leaving === undefined) return;
  const { node, machine, cause } = leaving;
  const meant = machines
    .present()
    .find(
      (each) =>
        each.name === node &&
        each.stoppedAt === undefined &&
        (machine === undefined || machine.toLowerCase() === idOf(each).toLowerCase()),
    );
  if (meant !== undefined) machines.decide(meant, { scaleIn: cause === 'scale-in', cause });
}

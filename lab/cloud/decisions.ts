import * as v from 'valibot';
import { type Cause, decisionSchema } from '../../fleet/decision.ts';

const readDecision = v.safeParser(v.pipe(v.string(), v.parseJson(), decisionSchema));

/** What a decision object says of one machine: that it is to leave. */
export interface Leaving {
  node: string;
  /** Undefined: whichever has that name. */
  machine: string | undefined;
  cause: Cause;
}

/** Outside of AWS a machine's end is decided when its decision object is written: what the rehearsal counts from. */
export function readLeaving(key: string, body: Buffer): Leaving | undefined {
  const [, node] = /^decisions\/(.+)\.json$/.exec(key) ?? [];
  if (node === undefined) return undefined;
  const parsed = readDecision(body.toString('utf8'));
  if (!parsed.success || parsed.output.intent !== 'leave') return undefined;
  const { machine, cause } = parsed.output;
  return { node, machine, cause };
}

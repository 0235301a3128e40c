import * as v from 'valibot';
import { decisionSchema } from '../../fleet/decision.ts';
import type { Machines } from './compute/machines.ts';
import type { StoredObject } from './objects.ts';

const readDecision = v.safeParser(v.pipe(v.string(), v.parseJson(), decisionSchema));

/** On GCP a machine's end is decided when its decision object is written: what the rehearsal counts from. */
export function noticeDecision({ key, body }: StoredObject, machines: Machines): void {
  const [, node] = /^decisions\/(.+)\.json$/.exec(key) ?? [];
  if (node === undefined) return;
  const parsed = readDecision(body.toString('utf8'));
  if (!parsed.success || parsed.output.intent !== 'leave') return;
  const { machine, cause } = parsed.output;
  const meant = machines
    .present()
    .find(
      ({ name, id, stoppedAt }) =>
        name === node && stoppedAt === undefined && (machine === undefined || machine === id),
    );
  if (meant !== undefined) machines.decide(meant, { scaleIn: cause === 'scale-in', cause });
}

import * as v from 'valibot';
import { STALE_AFTER_MS } from '../../../fleet/registry.ts';
import { type NodeStatus, statusSchema } from '../../../fleet/status.ts';
import type { Blobs } from '../../azure/blobs.ts';
import type { Instance } from '../../azure/compute/instance.ts';
import { FULL_CPU } from './load.ts';
import { MIN_SERVING } from './model.ts';

type Heard = Pick<NodeStatus, 'phase' | 'cpu'> & { at: number };

/** What could be known of each machine, as it told it to the registry. */
export interface Hearsay {
  /** A person protects it from now on, or does not any more. */
  protect(instance: Instance, isProtected: boolean): void;
  /** Whether the last that it said was that. */
  saysEmpty(instance: Instance): boolean;
  /** Undefined where the choice of this machine, by who began to read at that time, may have been sound. */
  whyUnfounded(victim: Instance, candidates: readonly Instance[], since: number): string | undefined;
}

/** The store tells its time in whole seconds. */
const ROUNDED_MS = 1_000;

const readStatus = v.safeParser(v.pipe(v.string(), v.parseJson(), statusSchema));

export function createHearsay(blobs: Blobs, now: () => number): Hearsay {
  const protectedSince = new Map<Instance, number>();
  /** By the machines' own ids. */
  const heard = new Map<string, Heard[]>();

  blobs.onWrite((container, { body, modifiedAt }) => {
    if (container !== 'statuses') return;
    const status = readStatus(body.toString());
    if (!status.success) return;
    const { machine = '', phase, cpu } = status.output;
    heard.set(machine, [...(heard.get(machine) ?? []), { at: modifiedAt, phase, cpu }]);
  });

  /** What of a machine may have been taken for its present state. */
  const freshOf = ({ vmId }: Instance, since: number) =>
    (heard.get(vmId) ?? []).filter(({ at }) => at >= since - STALE_AFTER_MS - ROUNDED_MS);

  /** The least load that it may have been thought to carry. Of whom nothing is known, it is the most. */
  function leastLoad(instance: Instance, since: number): number {
    const fresh = freshOf(instance, since);
    if (fresh.length === 0) return 1;
    return Math.min(...fresh.map(({ phase, cpu }) => (phase === 'serving' ? (cpu ?? 1) : 0)));
  }

  return {
    protect(instance, isProtected) {
      if (isProtected) protectedSince.set(instance, now());
      else protectedSince.delete(instance);
    },
    saysEmpty({ vmId }) {
      const phase = heard.get(vmId)?.at(-1)?.phase;
      return phase === 'empty' || phase === 'leaving';
    },
    whyUnfounded(victim, candidates, since) {
      const serves = (each: Instance) => freshOf(each, since).some(({ phase }) => phase === 'serving');
      if (!serves(victim)) return 'nothing was known of it';
      if ((protectedSince.get(victim) ?? Number.POSITIVE_INFINITY) < since) return 'a person protects it';
      // Who came later was not seen.
      const seen = candidates.filter(({ createdAt }) => createdAt < since);
      const load = seen.reduce((sum, each) => sum + leastLoad(each, since), 0);
      const needed = Math.max(MIN_SERVING, Math.ceil(load / FULL_CPU - 1e-9));
      const left = seen.filter((each) => each !== victim && serves(each)).length;
      return left < needed ? `${left} are left where the load needs ${needed}` : undefined;
    },
  };
}

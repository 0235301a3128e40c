import * as v from 'valibot';
import { STALE_AFTER_MS } from '../../fleet/registry.ts';
import { type NodeStatus, statusSchema } from '../../fleet/status.ts';

type Heard = Pick<NodeStatus, 'phase' | 'cpu'> & { at: number };

/** Times are ms since the epoch, by the store's clock where it has one of its own. */
export interface HearsayOptions<Instance> {
  /** The cloud's own id of a machine. */
  idOf(instance: Instance): string;
  createdAt(instance: Instance): number;
  now(): number;
  /** How full a machine may become by a scale-in, from 0 to 1. */
  fullCpu: number;
  minServing: number;
  /** How loaded a machine is held to be at least of which nothing is known, from 0 to 1. */
  leastUnheard(instance: Instance): number;
}

/** What could be known of each machine, as it told it to the registry. */
export interface Hearsay<Instance> {
  /** A status was written, at that time. */
  wrote(body: string, at: number): void;
  /** A person protects it from now on, or does not any more. */
  protect(instance: Instance, isProtected: boolean): void;
  /** Whether the last that it said was that. */
  saysEmpty(instance: Instance): boolean;
  /** Or that it takes no new work. */
  saysAway(instance: Instance): boolean;
  /** Whether it has ever said anything. */
  hasSpoken(instance: Instance): boolean;
  /** Whether whoever began to read at that time knows that it serves, whenever he read it. */
  servesFor(instance: Instance, since: number): boolean;
  /** Undefined where the choice of this machine, by who began to read at that time, may have been sound. */
  whyUnfounded(victim: Instance, candidates: readonly Instance[], since: number): string | undefined;
  /** How many the load may have seemed to need, at most. */
  mostNeeded(instances: readonly Instance[], since: number, targetCpu: number): number;
}

/** Stores tell their time in whole seconds. */
const ROUNDED_MS = 1_000;

const readStatus = v.safeParser(v.pipe(v.string(), v.parseJson(), statusSchema));

export function createHearsay<Instance>(options: HearsayOptions<Instance>): Hearsay<Instance> {
  const { idOf, createdAt, now, fullCpu, minServing } = options;
  const protectedSince = new Map<Instance, number>();
  /** By the machines' own ids. */
  const heard = new Map<string, Heard[]>();

  const wordsOf = (instance: Instance) => heard.get(idOf(instance)) ?? [];
  /** What of a machine may have been taken for its present state. */
  const freshOf = (instance: Instance, since: number) =>
    wordsOf(instance).filter(({ at }) => at >= since - STALE_AFTER_MS - ROUNDED_MS);

  /** The least load that it may have been thought to carry. */
  function leastLoad(instance: Instance, since: number): number {
    const fresh = freshOf(instance, since);
    if (fresh.length === 0) return options.leastUnheard(instance);
    return Math.min(...fresh.map(({ phase, cpu }) => (phase === 'serving' ? (cpu ?? 1) : 0)));
  }

  /** And the most. What is not known is no load that is grown for. */
  function mostLoad(instance: Instance, since: number): number {
    const fresh = freshOf(instance, since);
    return Math.max(0, ...fresh.map(({ phase, cpu }) => (phase === 'serving' ? (cpu ?? 1) : 0)));
  }

  /** It had just spoken then, and no two of its words since are as far apart as what is known is true for. */
  function isHeardThroughout(instance: Instance, since: number): boolean {
    const times = freshOf(instance, since).map(({ at }) => at);
    const [first] = times;
    if (first === undefined || first > since) return false;
    return [...times.slice(1), now()].every(
      (at, index) => at - (times[index] ?? first) < STALE_AFTER_MS - 2 * ROUNDED_MS,
    );
  }

  function saysEmpty(instance: Instance): boolean {
    const phase = wordsOf(instance).at(-1)?.phase;
    return phase === 'empty' || phase === 'leaving';
  }

  return {
    wrote(body, at) {
      const status = readStatus(body);
      if (!status.success) return;
      const { machine = '', phase, cpu } = status.output;
      heard.set(machine, [...(heard.get(machine) ?? []), { at, phase, cpu }]);
    },
    protect(instance, isProtected) {
      if (isProtected) protectedSince.set(instance, now());
      else protectedSince.delete(instance);
    },
    saysEmpty,
    saysAway: (instance) => saysEmpty(instance) || wordsOf(instance).at(-1)?.phase === 'draining',
    hasSpoken: (instance) => wordsOf(instance).length > 0,
    servesFor: (instance, since) =>
      isHeardThroughout(instance, since) &&
      freshOf(instance, since).every(({ phase }) => phase === 'serving'),
    whyUnfounded(victim, candidates, since) {
      const serves = (each: Instance) => freshOf(each, since).some(({ phase }) => phase === 'serving');
      if (!serves(victim)) return 'nothing was known of it';
      if ((protectedSince.get(victim) ?? Number.POSITIVE_INFINITY) < since) return 'a person protects it';
      // Who came later was not seen.
      const seen = candidates.filter((each) => createdAt(each) < since);
      const load = seen.reduce((sum, each) => sum + leastLoad(each, since), 0);
      const needed = Math.max(minServing, Math.ceil(load / fullCpu - 1e-9));
      const left = seen.filter((each) => each !== victim && serves(each)).length;
      return left < needed ? `${left} are left where the load needs ${needed}` : undefined;
    },
    mostNeeded(instances, since, targetCpu) {
      const load = instances.reduce((sum, each) => sum + mostLoad(each, since), 0);
      return Math.max(minServing, Math.ceil(load / targetCpu - 1e-9));
    },
  };
}

import * as v from 'valibot';
import { decisionSchema } from '../../../fleet/decision.ts';
import { STALE_AFTER_MS } from '../../../fleet/registry.ts';
import type { Happening as TwinHappening } from '../../cloud/events.ts';
import type { Instance } from '../../gcp/compute/instance.ts';
import type { Machines } from '../../gcp/compute/machines.ts';
import type { Objects, StoredObject } from '../../gcp/objects.ts';
import type { WorldKit } from '../cloud.ts';
import type { Members } from './machines.ts';
import { ownStatus } from './own-status.ts';
import type { Wish } from './wish.ts';

export interface RetellingOptions {
  kit: WorldKit;
  members: Members;
  objects: Objects;
}

export interface GroupRetellingOptions extends RetellingOptions {
  /** A person does what happens now. */
  isByHand(): boolean;
  /** Whether it was decided that this machine goes, or could have seemed so to who acts now. */
  mayBeDecided(instance: Instance): boolean;
}

/** Tells what the twin does in the words of all clouds. */
export function createRetelling({
  kit,
  members,
  isByHand,
  mayBeDecided,
}: GroupRetellingOptions): (happening: TwinHappening) => void {
  const { tell } = kit;
  return (happening) => {
    switch (happening.kind) {
      case 'instance': {
        const member = members.named(happening.instance);
        if (member === undefined) return;
        const { node, instance } = member;
        tell({ kind: 'cloud', node: node.id, state: `${happening.standing}: ${happening.why}` });
        if (instance.action === 'ABANDONING' && !isByHand())
          tell({ kind: 'taken-out', node: node.id, decided: mayBeDecided(instance) });
        if (instance.status !== 'STOPPING') return;
        const life = node.unit.life();
        tell({
          kind: 'released',
          node: node.id,
          running: life ? [life.id] : [],
          people: life?.people ?? 0,
        });
        return;
      }
      case 'trouble':
        tell({ kind: 'refused', what: happening.problem });
        return;
      default:
        return;
    }
  };
}

const readDecision = v.safeParser(v.pipe(v.string(), v.parseJson(), decisionSchema));

export interface DecisionsOptions extends RetellingOptions {
  machines: Machines;
  wish: Wish;
  /** When the first of those who may have written it began to read. */
  readSince(): number;
  /** When a machine last left its group by something else than a decision. */
  lastLossAt(): number;
}

/** On GCP it is decided that a machine goes when its decision is written. */
export function tellDecisions(options: DecisionsOptions): {
  mayBeDecided(instance: Instance): boolean;
} {
  const { kit, members, objects, machines, wish, readSince, lastLossAt } = options;
  const told = new Set<string>();
  /** By their own ids: a preempted machine is on its way out too, and who decides may not have heard of that yet. */
  const decided = new Set<string>();
  /** What the store says of each name. */
  const standing = new Map<string, { id: string; machine: string | undefined }>();

  /** Undefined where it may have been known. */
  function whyUnfounded(instance: Instance): string | undefined {
    const since = readSince();
    const said = ownStatus(objects, instance);
    if (said === undefined || said.updated < since - STALE_AFTER_MS) return 'nothing was known of it';
    const least = wish.leastSince(since);
    if (least === undefined) return 'nobody could know how many are wanted';
    // Who was counted may be gone by now.
    if (lastLossAt() >= since) return undefined;
    const left = machines
      .present()
      .filter(({ action, id }) => action !== undefined && action !== 'ABANDONING' && !decided.has(id)).length;
    return left < least ? `${left} are left where ${least} are wanted` : undefined;
  }

  function tellOf({ key, body }: StoredObject): void {
    const [, name] = /^decisions\/(.+)\.json$/.exec(key) ?? [];
    if (name === undefined) return;
    const parsed = readDecision(body.toString());
    if (!parsed.success || parsed.output.intent !== 'leave') {
      standing.delete(name);
      return;
    }
    const { id, machine, cause, reason } = parsed.output;
    const stood = standing.get(name);
    standing.set(name, { id, machine });
    const member = members.all().find(({ instance }) => instance.name === name && instance.id === machine);
    // The same decision is written again by whoever does not know that it was.
    if (member === undefined || member.instance.stoppedAt !== undefined || told.has(id)) return;
    told.add(id);
    const { instance, node } = member;
    const isInGroup = instance.action !== undefined;
    const wasDecided = decided.has(instance.id);
    decided.add(instance.id);
    instance.decided = true;
    const chosen = cause === 'scale-in';
    const unfounded =
      stood !== undefined && stood.machine === machine
        ? `that was decided already, as ${stood.id}`
        : chosen && isInGroup && !wasDecided
          ? whyUnfounded(instance)
          : undefined;
    kit.tell({ kind: 'wanted', node: node.id, chosen, unfounded, decision: id, why: `${cause}: ${reason}` });
  }

  objects.onWrite((_bucket, object) => tellOf(object));
  return {
    // Machines are taken out by name: whoever began before this one was there means an earlier one.
    mayBeDecided: ({ id, createdAt }) => decided.has(id) || readSince() <= createdAt,
  };
}

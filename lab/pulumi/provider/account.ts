import { creatorIn } from '../paper-cloud.ts';
import type { Inputs, RecordedResource } from '../resource.ts';
import type { LivingCloud, ResourceLife } from './living-cloud.ts';
import type { Addressed, Made } from './made.ts';
import { containsUnknown, plainProperties } from './wire.ts';

/** An account in which resources come and go one by one, and a living twin of what they make up. */
export interface Account {
  create(resource: Addressed, inputs: Inputs): Promise<Made>;
  /** Undefined where there is no such thing. */
  read(type: string, id: string): Made | undefined;
  update(resource: Addressed, id: string, inputs: Inputs): Promise<Made>;
  /** `timeoutMs`: by the cloud's clock; what takes time may take this long. What is gone already is gone. */
  delete(type: string, id: string, timeoutMs: number): Promise<void>;
  /** What the cloud itself would add to a thing of this type. Throws for a type that the twin does not know. */
  wouldAdd(type: string, inputs: Inputs): Inputs;
  /** Every resource that there is, by type and id. */
  resources(): { type: string; id: string }[];
}

interface Kept extends Addressed {
  seed: string;
  inputs: Inputs;
  outputs: Inputs;
  record: RecordedResource;
  /** Its versions before this one, where it has any. */
  earlier: RecordedResource[];
}

/** `directory`: where the program lies; file assets are relative to it. */
export function createAccount(cloud: LivingCloud, directory: string): Account {
  const kept = new Map<string, Kept>();
  let made = 0;
  let last: Promise<unknown> = Promise.resolve();

  /** One after the other: each sees the account that the one before it left. */
  function inTurn<T>(action: () => Promise<T>): Promise<T> {
    const turn = last.then(action, action);
    last = turn.catch(() => undefined);
    return turn;
  }

  async function make(resource: Addressed, seed: string, inputs: Inputs): Promise<Kept> {
    if (containsUnknown(inputs)) throw new Error('a value is unknown that a thing is to be made from');
    const plain = await plainProperties(inputs, directory);
    const { id, outputs } = creatorIn(cloud.paper, resource.type)(plain, seed);
    const { type, name } = resource;
    const record = { type, name, id, inputs: plain, outputs: { ...plain, ...outputs } };
    return { ...resource, seed, inputs, outputs: { ...inputs, ...outputs }, record, earlier: [] };
  }

  /** A change that cannot be provisioned is taken back. */
  async function change(alter: () => void): Promise<void> {
    const before = new Map(kept);
    alter();
    try {
      await cloud.provision([...kept.values()].flatMap(({ earlier, record }) => [...earlier, record]));
    } catch (cause) {
      kept.clear();
      for (const [key, thing] of before) kept.set(key, thing);
      throw cause;
    }
  }

  function lifeOf(type: string): ResourceLife {
    return cloud.lives[type] ?? {};
  }

  function forget(thing: Kept): void {
    const { takesAlong } = lifeOf(thing.type);
    kept.delete(keyOf(thing.type, thing.record.id));
    for (const [key, other] of [...kept]) if (takesAlong?.(describe(thing), other)) kept.delete(key);
  }

  return {
    async create(resource, inputs) {
      made += 1;
      const seed = `${resource.type}#${made}::${resource.name}`;
      const thing = await inTurn(async () => {
        const next = await make(resource, seed, inputs);
        const key = keyOf(resource.type, next.record.id);
        if (kept.has(key)) throw new Error(`AlreadyExists: there is already a ${key}`);
        await change(() => kept.set(key, next));
        return describe(next);
      });
      await lifeOf(resource.type).settle?.(thing);
      return thing;
    },
    read(type, id) {
      const thing = kept.get(keyOf(type, id));
      if (thing === undefined) return undefined;
      return lifeOf(type).asItIs?.(describe(thing)) ?? describe(thing);
    },
    update: (resource, id, inputs) =>
      inTurn(async () => {
        const key = keyOf(resource.type, id);
        const before = kept.get(key);
        if (before === undefined) throw new Error(`there is no ${key} in the twin ${cloud.paper.title}`);
        const next = await make(resource, before.seed, inputs);
        const version = lifeOf(resource.type).nextVersion?.(describe(before));
        const after: Kept = {
          ...next,
          outputs: { ...next.outputs, ...version },
          record: { ...next.record, outputs: { ...next.record.outputs, ...version } },
          earlier: version === undefined ? [] : [...before.earlier, before.record],
        };
        await change(() => kept.set(key, after));
        return describe(after);
      }),
    async delete(type, id, timeoutMs) {
      const thing = kept.get(keyOf(type, id));
      if (thing !== undefined) await lifeOf(type).end?.(describe(thing), timeoutMs);
      await inTurn(async () => {
        // Something else may have taken it along meanwhile.
        const left = kept.get(keyOf(type, id));
        if (left !== undefined) await change(() => forget(left));
      });
    },
    wouldAdd: (type, inputs) => creatorIn(cloud.paper, type)(inputs, `${type}::preview`).outputs,
    resources: () => [...kept.values()].map(({ type, record: { id } }) => ({ type, id })),
  };
}

function describe({ record: { id }, inputs, outputs }: Kept): Made {
  return { id, inputs, outputs };
}

function keyOf(type: string, id: string): string {
  return `${type} ${id}`;
}

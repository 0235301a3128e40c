import type { AwsTwin } from '../aws-twin.ts';
import type { ExistingNetwork } from '../data-sources.ts';
import type { Place } from '../identifiers.ts';
import type { RecordedResource } from '../mocks.ts';
import type { AwsModel } from '../model.ts';
import { readModel } from '../read-model.ts';
import { creatorOf, type Inputs } from '../resource-types.ts';
import { deleteGroup, GROUP, groupAsItIs, waitForCapacity } from './group-life.ts';
import type { Addressed, Made } from './made.ts';
import { containsUnknown, plainProperties } from './wire.ts';

/** An AWS account in which resources come and go one by one, and a living twin of what they make up. */
export interface Account {
  create(resource: Addressed, inputs: Inputs): Promise<Made>;
  /** Undefined where there is no such thing. */
  read(type: string, id: string): Made | undefined;
  update(resource: Addressed, id: string, inputs: Inputs): Promise<Made>;
  /** `timeoutMs`: by the cloud's clock; what takes time may take this long. What is gone already is gone. */
  delete(type: string, id: string, timeoutMs: number): Promise<void>;
  /** What the cloud itself adds to a thing of this type, by name. Throws for a type that the twin does not know. */
  computedMembers(type: string, inputs: Inputs): string[];
  /** Every resource that there is, by type and id. */
  resources(): { type: string; id: string }[];
}

export interface AccountOptions {
  place: Place;
  existing?: ExistingNetwork[];
  /** Where the program lies: file assets are relative to it. */
  directory: string;
  /** Has started, and has nothing but what this account provisions. */
  twin: AwsTwin;
}

interface Kept extends Addressed {
  seed: string;
  inputs: Inputs;
  outputs: Inputs;
  record: RecordedResource;
  /** Of a launch template: its versions before this one. */
  earlier: RecordedResource[];
}

const BUCKET = 'aws:s3/bucket:Bucket';
const HOOK = 'aws:autoscaling/lifecycleHook:LifecycleHook';
const TEMPLATE = 'aws:ec2/launchTemplate:LaunchTemplate';

export function createAccount({ place, existing = [], directory, twin }: AccountOptions): Account {
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
    const { id, outputs } = creator(resource.type)(plain, seed, place);
    const { type, name } = resource;
    const record = { type, name, id, inputs: plain, outputs: { ...plain, ...outputs } };
    return { ...resource, seed, inputs, outputs: { ...inputs, ...outputs }, record, earlier: [] };
  }

  /** A change that cannot be provisioned is taken back. */
  async function change(key: string, next: Kept | undefined): Promise<void> {
    const before = kept.get(key);
    if (next === undefined) kept.delete(key);
    else kept.set(key, next);
    try {
      await twin.provision(model());
    } catch (cause) {
      if (before === undefined) kept.delete(key);
      else kept.set(key, before);
      throw cause;
    }
  }

  function model(): AwsModel {
    const records = [...kept.values()].flatMap(({ earlier, record }) => [...earlier, record]);
    return readModel(records, place, existing);
  }

  function must(type: string, id: string): Kept {
    const found = kept.get(keyOf(type, id));
    if (found === undefined) throw new Error(`there is no ${type} ${id} in the twin AWS`);
    return found;
  }

  async function remove(type: string, id: string): Promise<void> {
    const resource = kept.get(keyOf(type, id));
    if (resource === undefined) return;
    if (type === BUCKET && resource.inputs.forceDestroy !== true && twin.keys(id).length > 0) {
      throw new Error(`BucketNotEmpty: the bucket ${id} is not empty, and forceDestroy is not set`);
    }
    if (type === GROUP) {
      // AWS deletes them with their group.
      for (const [key, { type: other, inputs }] of kept) {
        if (other === HOOK && inputs.autoscalingGroupName === id) kept.delete(key);
      }
    }
    await change(keyOf(type, id), undefined);
  }

  return {
    async create(resource, inputs) {
      made += 1;
      const seed = `${resource.type}#${made}::${resource.name}`;
      const thing = await inTurn(async () => {
        const next = await make(resource, seed, inputs);
        const key = keyOf(resource.type, next.record.id);
        if (kept.has(key)) throw new Error(`AlreadyExists: there is already a ${key}`);
        await change(key, next);
        return next;
      });
      if (resource.type === GROUP) await waitForCapacity(twin, thing.record.id, thing.inputs);
      return describe(thing);
    },
    read(type, id) {
      const thing = kept.get(keyOf(type, id));
      if (thing === undefined) return undefined;
      return type === GROUP ? groupAsItIs(twin, describe(thing)) : describe(thing);
    },
    update: (resource, id, inputs) =>
      inTurn(async () => {
        const before = must(resource.type, id);
        const next = await make(resource, before.seed, inputs);
        const version = resource.type === TEMPLATE ? nextVersion(before) : {};
        const after: Kept = {
          ...next,
          outputs: { ...next.outputs, ...version },
          record: { ...next.record, outputs: { ...next.record.outputs, ...version } },
          earlier: resource.type === TEMPLATE ? [...before.earlier, before.record] : [],
        };
        await change(keyOf(resource.type, id), after);
        return describe(after);
      }),
    async delete(type, id, timeoutMs) {
      const resource = kept.get(keyOf(type, id));
      if (resource !== undefined && type === GROUP) await deleteGroup(twin, id, resource.inputs, timeoutMs);
      await inTurn(() => remove(type, id));
    },
    computedMembers: (type, inputs) => Object.keys(creator(type)(inputs, `${type}::preview`, place).outputs),
    resources: () => [...kept.values()].map(({ type, record: { id } }) => ({ type, id })),
  };
}

function creator(type: string) {
  const found = creatorOf(type);
  if (found) return found;
  throw new Error(`the twin AWS does not know the type ${type}: teach it in lab/aws/resource-types.ts`);
}

function describe({ record: { id }, inputs, outputs }: Kept): Made {
  return { id, inputs, outputs };
}

/** A launch template keeps its versions: a change is one more. */
function nextVersion({ outputs, inputs }: Kept): Inputs {
  const latestVersion = Number(outputs.latestVersion) + 1;
  return {
    latestVersion,
    defaultVersion: inputs.updateDefaultVersion === true ? latestVersion : outputs.defaultVersion,
  };
}

function keyOf(type: string, id: string): string {
  return `${type} ${id}`;
}

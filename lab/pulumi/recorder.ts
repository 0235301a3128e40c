import type { runtime } from '@pulumi/pulumi';
import { describeError } from '../../fleet/error.ts';
import { plainInputs } from './assets.ts';
import { Absent, creatorIn, type PaperCloud } from './paper-cloud.ts';
import type { Created, Inputs, RecordedResource } from './resource.ts';

export interface Recorder {
  mocks: runtime.Mocks;
  resources: RecordedResource[];
  /** What could not be made, each naming the resource. Mocks that throw are swallowed on the way: this is not. */
  refusals: string[];
}

/**
 * Stands where Pulumi's engine and the cloud's provider would: makes every resource on paper and remembers it.
 * `directory`: where the program lies; file assets are relative to it.
 */
export function createRecorder(cloud: PaperCloud, directory: string): Recorder {
  const resources: RecordedResource[] = [];
  const refusals: string[] = [];
  const taken = new Set<string>();

  async function create(args: runtime.MockResourceArgs): Promise<RecordedResource> {
    const { type, name } = args;
    const inputs = asInputs(await plainInputs(args.inputs, directory));
    const { id, outputs } = make(args, inputs);
    // Two resources of one type under one physical name would be one in the cloud.
    const physical = `${type} ${id}`;
    if (args.custom && taken.has(physical)) throw new Error(`there is already a ${physical}`);
    taken.add(physical);
    return { type, name, id, inputs, outputs: { ...inputs, ...outputs } };
  }

  function make({ type, name, id, custom }: runtime.MockResourceArgs, inputs: Inputs): Created {
    if (id) return { id, outputs: {} };
    if (type.startsWith('pulumi:providers:')) {
      if (type === `pulumi:providers:${cloud.provider}`) cloud.checkSettings(inputs);
      return { id: name, outputs: {} };
    }
    const seed = `${type}::${name}`;
    if (custom === false) return { id: name, outputs: {} };
    // Of the program's own providers, what nothing of the cloud comes of needs no answer.
    if (type.startsWith('pulumi-nodejs:'))
      return cloud.creatorOf(type)?.(inputs, seed) ?? { id: name, outputs: {} };
    return creatorIn(cloud, type)(inputs, seed);
  }

  return {
    resources,
    refusals,
    mocks: {
      async newResource(args) {
        try {
          const resource = await create(args);
          resources.push(resource);
          return { id: resource.id, state: stateOf(resource.outputs) };
        } catch (cause) {
          refusals.push(`${args.type} "${args.name}": ${describeError(cause)}`);
          throw cause;
        }
      },
      async call({ token, inputs }) {
        try {
          return cloud.call(token, asInputs(await plainInputs(inputs, directory)));
        } catch (cause) {
          const details = describeError(cause);
          if (!(cause instanceof Absent)) refusals.push(`${token}: ${details}`);
          // Of an error of the engine's, a program gets to see this member only.
          throw Object.assign(new Error(details, { cause }), { details });
        }
      },
    },
  };
}

function asInputs(value: unknown): Inputs {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

/** Contents of files do not travel back to the program. */
function stateOf(outputs: Inputs): Inputs {
  return Object.fromEntries(
    Object.entries(outputs).filter(
      ([key, value]) => !Buffer.isBuffer(value) && key !== 'code' && key !== 'source',
    ),
  );
}

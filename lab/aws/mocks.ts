import type { runtime } from '@pulumi/pulumi';
import { describeError } from '../../fleet/error.ts';
import { plainInputs } from './assets.ts';
import { answerCall, type ExistingNetwork } from './data-sources.ts';
import type { Place } from './identifiers.ts';
import { creatorOf, type Inputs } from './resource-types.ts';

/** A resource as the program asked for it and as the twin made it. */
export interface RecordedResource {
  type: string;
  name: string;
  id: string;
  inputs: Inputs;
  /** Inputs too, as a provider's outputs hold them. */
  outputs: Inputs;
}

export interface Recorder {
  mocks: runtime.Mocks;
  resources: RecordedResource[];
  /** What could not be made, each naming the resource. Mocks that throw are swallowed on the way: this is not. */
  refusals: string[];
}

export interface RecorderOptions {
  place: Place;
  /** Where the program lies: file assets are relative to it. */
  directory: string;
  existing?: ExistingNetwork[];
}

/** Stands where Pulumi's engine and the AWS provider would: makes every resource on paper and remembers it. */
export function createRecorder({ place, directory, existing = [] }: RecorderOptions): Recorder {
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

  function make(
    { type, name, id, custom }: runtime.MockResourceArgs,
    inputs: Inputs,
  ): { id: string; outputs: Inputs } {
    if (id) return { id, outputs: {} };
    if (type.startsWith('pulumi:providers:')) {
      if (type === 'pulumi:providers:aws' && inputs.region !== undefined && inputs.region !== place.region) {
        throw new Error(`the twin has one region, ${place.region}; the provider asks for ${inputs.region}`);
      }
      return { id: name, outputs: {} };
    }
    if (custom === false || type.startsWith('pulumi-nodejs:')) return { id: name, outputs: {} };
    const creator = creatorOf(type);
    if (!creator)
      throw new Error('the twin AWS does not know this type: teach it in lab/aws/resource-types.ts');
    return creator(inputs, `${type}::${name}`, place);
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
          return answerCall(token, asInputs(await plainInputs(inputs, directory)), { place, existing });
        } catch (cause) {
          refusals.push(`${token}: ${describeError(cause)}`);
          throw cause;
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

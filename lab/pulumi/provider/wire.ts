import { isDeepStrictEqual } from 'node:util';
import * as rpc from '@pulumi/pulumi/runtime/rpc.js';
import structs, { type Struct } from 'google-protobuf/google/protobuf/struct_pb.js';
import { plainInputs } from '../assets.ts';
import type { Inputs } from '../resource.ts';

/** Where a value will be that is not known before something is made. */
export const UNKNOWN: string = rpc.unknownValue;

/**
 * Properties as they travel between Pulumi's engine and a provider: plain data, in which secrets, assets, archives and
 * unknowns are marked. Secrets are unwrapped: this provider, as the real one, is told of none and marks none; the engine
 * remembers which they were.
 */
export function readProperties(struct: Struct | undefined): Inputs {
  return asObject(unwrapSecrets(struct?.toJavaScript() ?? {}));
}

export function writeProperties(properties: Inputs): Struct {
  return structs.Struct.fromJavaScript(JSON.parse(JSON.stringify(properties)));
}

/** As the twin reads them: assets as their content, archives as their files. `directory`: where the program lies. */
export async function plainProperties(properties: Inputs, directory: string): Promise<Inputs> {
  return asObject(await plainInputs(rpc.deserializeProperty(properties), directory));
}

/** Equal to Pulumi: an asset is its content, wherever it lies; what is null or missing is not there. */
export function isSame(one: unknown, other: unknown): boolean {
  return isDeepStrictEqual(essence(one), essence(other));
}

/** Not plain data: an asset, an archive. */
export function isMarked(value: object): boolean {
  return Reflect.get(value, rpc.specialSigKey) !== undefined;
}

export function containsUnknown(value: unknown): boolean {
  if (value === UNKNOWN) return true;
  if (Array.isArray(value)) return value.some(containsUnknown);
  return typeof value === 'object' && value !== null && Object.values(value).some(containsUnknown);
}

function essence(value: unknown): unknown {
  if (value === null || value === undefined) return undefined;
  if (Array.isArray(value)) return value.map(essence);
  if (typeof value !== 'object') return value;
  const signature: unknown = Reflect.get(value, rpc.specialSigKey);
  const hash: unknown = Reflect.get(value, 'hash');
  if ((signature === rpc.specialAssetSig || signature === rpc.specialArchiveSig) && hash) return { hash };
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, member]) => [key, essence(member)] as const)
      .filter(([, member]) => member !== undefined),
  );
}

function unwrapSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unwrapSecrets);
  if (typeof value !== 'object' || value === null) return value;
  if (rpc.isRpcSecret(value)) return unwrapSecrets(Reflect.get(value, 'value'));
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, unwrapSecrets(member)]));
}

function asObject(value: unknown): Inputs {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

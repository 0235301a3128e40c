import * as v from 'valibot';
import { checked, patternOf } from '../../cloud/api-request.ts';
import type { Target } from '../iam/access.ts';
import type { Principal } from '../principals.ts';

export type ServiceName = 'compute' | 'storage' | 'secretmanager';

/** What a method gives: a resource, or the bytes of one. */
export type Result =
  | { kind: 'json'; value: unknown }
  | { kind: 'bytes'; body: Buffer; headers: Record<string, string> }
  | { kind: 'nothing' };

/** Who calls. `authorise` throws `forbidden`, and remembers it, where no role allows the call. */
export interface Caller {
  principal: Principal;
  authorise(permission: string, target: Target, note?: string): void;
}

/** One method of Google's, as its discovery document describes it. */
export interface Method {
  service: ServiceName;
  /** `compute.instances.get` */
  id: string;
  http: string;
  /** From the root of the service, with its variables in braces. */
  path: string;
  /** The same as an expression with a group for each variable. */
  pattern: RegExp;
  /** Of all that stands in the path and in the query; strict. */
  parameters: v.GenericSchema;
  /** Of what is sent, where that is JSON; strict. */
  body: v.GenericSchema | undefined;
  run(parameters: unknown, body: unknown, caller: Caller): Result;
}

interface Described<Parameters extends v.GenericSchema, Body extends v.GenericSchema> {
  id: string;
  http: string;
  path: string;
  parameters: Parameters;
  body?: Body;
}

export function method<
  Parameters extends v.GenericSchema,
  Body extends v.GenericSchema = v.UndefinedSchema<undefined>,
>(
  described: Described<Parameters, Body>,
  run: (parameters: v.InferOutput<Parameters>, caller: Caller, body: v.InferOutput<Body>) => Result,
): Method {
  const { id, parameters, body } = described;
  return {
    ...described,
    service: serviceOf(id),
    pattern: patternOf(described.path),
    body,
    run: (rawParameters, rawBody, caller) =>
      run(
        checked(parameters, rawParameters, id, 'invalid'),
        caller,
        body === undefined
          ? checked(v.undefined(), rawBody, id, 'invalid')
          : checked(body, rawBody, id, 'invalid'),
      ),
  };
}

function serviceOf(id: string): ServiceName {
  const [service] = id.split('.');
  if (service === 'compute' || service === 'storage' || service === 'secretmanager') return service;
  throw new Error(`${id} is of no service that the twin has`);
}

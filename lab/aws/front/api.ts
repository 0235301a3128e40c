import type * as v from 'valibot';
import type { ApiError } from '../../cloud/api-error.ts';
import { checked } from '../../cloud/api-request.ts';
import type { RawRequest } from '../../raw-request.ts';
import type { AwsFaulty } from '../aws-twin.ts';
import type { PolicyDocument } from '../policy-document.ts';
import type { Principal } from '../principals.ts';

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string | Buffer;
}

/** Who calls. `authorise` throws AccessDenied, and remembers it, where the policies do not allow the call. */
export interface Caller {
  /** Undefined where the request was not signed. */
  principal: Principal | undefined;
  authorise(action: string, resource: string, options?: AuthoriseOptions): void;
}

export interface AuthoriseOptions {
  context?: Record<string, string>;
  resourcePolicy?: PolicyDocument | undefined;
  /** Said beside a refusal that is not plain from the request. */
  note?: string;
}

/** One action with its input checked. */
export type Operation = (input: unknown, caller: Caller) => Answer;

export interface Service {
  name: Exclude<AwsFaulty, 'imds' | 'lambda'>;
  /** How policies call the service: CloudWatch signs as `monitoring` and is called `cloudwatch`. */
  policyPrefix: string;
  operations: Readonly<Record<string, Operation>>;
  /** Throws `ApiError` where the request is none of the service's. */
  read(request: RawRequest): { action: string; input: unknown };
  renderError(error: ApiError): Answer;
  /** What a service says when it is called too often. */
  throttled: ApiError;
}

export function operation<Schema extends v.GenericSchema>(
  schema: Schema,
  run: (input: v.InferOutput<Schema>, caller: Caller) => Answer,
): Operation {
  return (raw, caller) => run(checked(schema, raw, 'the request', 'ValidationError'), caller);
}

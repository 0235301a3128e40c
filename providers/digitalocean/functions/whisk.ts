import * as v from 'valibot';
import { jsonOf, type ServiceAnswer, ServiceError } from '../../../fleet/bearer-http.ts';
import { HttpError, type HttpRequest, type SendHttp, sendHttp } from '../../../fleet/http.ts';

/** A namespace's own API refused, or no answer came. `reason`: as `ServiceError` has it, or `http409` and so on. */
export class WhiskError extends ServiceError {
  override readonly name = 'WhiskError';
}

const keyValues = v.array(v.object({ key: v.string(), value: v.unknown() }));
type KeyValues = v.InferOutput<typeof keyValues>;

const packageSchema = v.object({ annotations: v.optional(keyValues, []) });
const actionSchema = v.object({
  version: v.string(),
  annotations: v.optional(keyValues, []),
  parameters: v.optional(keyValues, []),
  limits: v.object({ timeout: v.number() }),
});
export type WhiskAction = v.InferOutput<typeof actionSchema>;

/** All of an action, or a part: what is not said stays as it is. */
export interface ActionPut {
  exec?: { kind: string; code: string; binary: true };
  limits?: { timeout: number; memory: number };
  parameters?: KeyValues;
  annotations?: KeyValues;
}

/** What is in one namespace: OpenWhisk's API. `undefined`: it said that there is no such thing. */
export interface Whisk {
  isEmpty(): Promise<boolean>;
  package(name: string): Promise<v.InferOutput<typeof packageSchema> | undefined>;
  /** false: there is one already, and `overwrite` was not asked for. */
  putPackage(name: string, annotations: KeyValues, overwrite: boolean): Promise<boolean>;
  deletePackage(name: string): Promise<void>;
  /** Without its code. `name`: `PACKAGE/ACTION` */
  action(name: string, signal?: AbortSignal): Promise<WhiskAction | undefined>;
  /** undefined: there is one already, and `overwrite` was not asked for. */
  putAction(
    name: string,
    action: ActionPut,
    overwrite: boolean,
    signal?: AbortSignal,
  ): Promise<WhiskAction | undefined>;
  deleteAction(name: string): Promise<void>;
}

export interface WhiskOptions {
  apiHost: string;
  /** `UUID:KEY` */
  credentials: string;
  timeoutMs: number;
  send?: SendHttp | undefined;
}

export function createWhisk({ apiHost, credentials, timeoutMs, send = sendHttp }: WhiskOptions): Whisk {
  const authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;

  async function ask<Output>(
    method: HttpRequest['method'],
    path: string,
    schema: v.GenericSchema<unknown, Output>,
    { body, signal }: { body?: unknown; signal?: AbortSignal | undefined } = {},
  ): Promise<Output> {
    const what = `${method} ${path} of the namespace`;
    const answer = await sent(what, {
      method,
      url: `${apiHost}/api/v1/namespaces/_/${path}`,
      headers: {
        authorization,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      timeoutMs,
      signal,
    });
    if (answer.status < 200 || answer.status >= 300) throw refusal(what, answer);
    const parsed = jsonOf(answer, schema);
    if (parsed !== undefined) return parsed;
    const text = answer.bytes.toString().slice(0, 120);
    throw new WhiskError(`${what}: not what Functions answers: ${text}`, 'malformed', answer.status);
  }

  async function sent(what: string, request: HttpRequest): Promise<Pick<ServiceAnswer, 'status' | 'bytes'>> {
    try {
      const { status, body: bytes } = await send(request);
      return { status, bytes };
    } catch (cause) {
      const timedOut = cause instanceof HttpError && cause.timedOut;
      throw timedOut
        ? new WhiskError(`${what}: no answer in time`, 'timeout', undefined, cause)
        : new WhiskError(`${what}: the connection failed`, 'network', undefined, cause);
    }
  }

  return {
    async isEmpty() {
      const [packages, actions] = await Promise.all([
        ask('GET', 'packages?limit=1', v.array(v.unknown())),
        ask('GET', 'actions?limit=1', v.array(v.unknown())),
      ]);
      return packages.length === 0 && actions.length === 0;
    },
    package: (name) => unless('gone', () => ask('GET', packagePath(name), packageSchema)),
    async putPackage(name, annotations, overwrite) {
      const path = `${packagePath(name)}${overwrite ? '?overwrite=true' : ''}`;
      const put = () => ask('PUT', path, packageSchema, { body: { annotations, parameters: [] } });
      return (await unless('taken', put)) !== undefined;
    },
    async deletePackage(name) {
      await unless('gone', () => ask('DELETE', packagePath(name), v.unknown()));
    },
    action: (name, signal) =>
      unless('gone', () => ask('GET', `${actionPath(name)}?code=false`, actionSchema, { signal })),
    putAction(name, action, overwrite, signal) {
      const path = `${actionPath(name)}${overwrite ? '?overwrite=true' : ''}`;
      return unless('taken', () => ask('PUT', path, actionSchema, { body: action, signal }));
    },
    async deleteAction(name) {
      await unless('gone', () => ask('DELETE', actionPath(name), v.unknown()));
    },
  };
}

function packagePath(name: string): string {
  return `packages/${encodeURIComponent(name)}`;
}

function actionPath(name: string): string {
  return `actions/${name.split('/').map(encodeURIComponent).join('/')}`;
}

const refusalSchema = v.object({ error: v.string() });

/** Only what OpenWhisk says itself tells that a thing is gone or taken: not a page that stands on the way. */
function refusal(what: string, answer: Pick<ServiceAnswer, 'status' | 'bytes'>): WhiskError {
  const { status } = answer;
  const said = jsonOf(answer, refusalSchema)?.error;
  if (said === undefined) return new WhiskError(`${what}: HTTP ${status}`, 'malformed', status);
  return new WhiskError(`${what}: HTTP ${status}: ${said}`, `http${status}`, status);
}

const UNLESS = { gone: 'http404', taken: 'http409' } as const;

async function unless<Output>(
  said: keyof typeof UNLESS,
  ask: () => Promise<Output>,
): Promise<Output | undefined> {
  try {
    return await ask();
  } catch (cause) {
    if (cause instanceof WhiskError && cause.reason === UNLESS[said]) return undefined;
    throw cause;
  }
}

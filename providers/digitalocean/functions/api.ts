import * as v from 'valibot';
import { jsonOf, type ServiceAnswer, ServiceError } from '../../../fleet/bearer-http.ts';

/** DigitalOcean's API, with the operator's token. Rejects with a `ServiceError` on anything but 2xx. */
export interface ApiClient {
  send(request: {
    method: 'GET' | 'PUT' | 'POST' | 'DELETE';
    path: string;
    body?: string;
    signal?: AbortSignal | undefined;
  }): Promise<ServiceAnswer>;
}

const namespaceSchema = v.object({
  namespace: v.string(),
  label: v.string(),
  region: v.string(),
  api_host: v.pipe(v.string(), v.minLength(1)),
  uuid: v.string(),
  key: v.optional(v.string()),
});

export interface FunctionsNamespace {
  id: string;
  label: string;
  region: string;
  apiHost: string;
  /** With which its own API is asked: `UUID:KEY`; undefined where DigitalOcean does not tell it. */
  credentials: string | undefined;
}

const triggerSchema = v.object({
  name: v.string(),
  function: v.string(),
  is_enabled: v.boolean(),
  scheduled_details: v.object({ cron: v.string() }),
});

export interface FunctionsTrigger {
  name: string;
  /** `PACKAGE/ACTION` */
  function: string;
  enabled: boolean;
  cron: string;
}

/** Namespaces and triggers. `undefined`: DigitalOcean said that there is no such thing. */
export interface FunctionsApi {
  namespaces(signal?: AbortSignal): Promise<FunctionsNamespace[]>;
  namespace(id: string, signal?: AbortSignal): Promise<FunctionsNamespace | undefined>;
  createNamespace(label: string, region: string): Promise<FunctionsNamespace>;
  /** With all that is in it. */
  deleteNamespace(id: string): Promise<void>;
  triggers(namespace: string, signal?: AbortSignal): Promise<FunctionsTrigger[] | undefined>;
  trigger(namespace: string, name: string): Promise<FunctionsTrigger | undefined>;
  createTrigger(namespace: string, trigger: FunctionsTrigger): Promise<void>;
  /** Its name and its function cannot be changed. */
  updateTrigger(
    namespace: string,
    trigger: Pick<FunctionsTrigger, 'name' | 'enabled' | 'cron'>,
    signal?: AbortSignal,
  ): Promise<void>;
  deleteTrigger(namespace: string, name: string): Promise<void>;
}

const ROOT = '/v2/functions/namespaces';

export function createFunctionsApi(client: ApiClient): FunctionsApi {
  async function ask<Output>(
    request: Parameters<ApiClient['send']>[0],
    schema: v.GenericSchema<unknown, Output>,
  ): Promise<Output> {
    const answer = await client.send(request);
    const parsed = jsonOf(answer, schema);
    if (parsed === undefined)
      throw new ServiceError(
        `${request.method} ${request.path}: not what Functions answers: ${answer.bytes.toString().slice(0, 120)}`,
        'malformed',
        answer.status,
      );
    return parsed;
  }

  return {
    async namespaces(signal) {
      const { namespaces } = await ask(
        { method: 'GET', path: ROOT, signal },
        v.object({ namespaces: v.nullish(v.array(namespaceSchema), []) }),
      );
      return (namespaces ?? []).map(namespaceOf);
    },
    namespace: (id, signal) =>
      unlessGone(async () => {
        const schema = v.object({ namespace: namespaceSchema });
        return namespaceOf((await ask({ method: 'GET', path: pathOf(id), signal }, schema)).namespace);
      }),
    async createNamespace(label, region) {
      const request = { method: 'POST', path: ROOT, body: JSON.stringify({ label, region }) } as const;
      return namespaceOf((await ask(request, v.object({ namespace: namespaceSchema }))).namespace);
    },
    async deleteNamespace(id) {
      await unlessGone(() => client.send({ method: 'DELETE', path: pathOf(id) }));
    },
    triggers: (namespace, signal) =>
      unlessGone(async () => {
        const { triggers } = await ask(
          { method: 'GET', path: `${pathOf(namespace)}/triggers`, signal },
          v.object({ triggers: v.nullish(v.array(triggerSchema), []) }),
        );
        return (triggers ?? []).map(triggerOf);
      }),
    trigger: (namespace, name) =>
      unlessGone(async () => {
        const request = { method: 'GET', path: pathOf(namespace, name) } as const;
        return triggerOf((await ask(request, v.object({ trigger: triggerSchema }))).trigger);
      }),
    async createTrigger(namespace, { name, function: action, enabled, cron }) {
      await client.send({
        method: 'POST',
        path: `${pathOf(namespace)}/triggers`,
        body: JSON.stringify({
          name,
          function: action,
          type: 'SCHEDULED',
          is_enabled: enabled,
          scheduled_details: { cron, body: {} },
        }),
      });
    },
    async updateTrigger(namespace, { name, enabled, cron }, signal) {
      await client.send({
        method: 'PUT',
        path: pathOf(namespace, name),
        body: JSON.stringify({ is_enabled: enabled, scheduled_details: { cron, body: {} } }),
        signal,
      });
    },
    async deleteTrigger(namespace, name) {
      await unlessGone(() => client.send({ method: 'DELETE', path: pathOf(namespace, name) }));
    },
  };
}

function pathOf(namespace: string, trigger?: string): string {
  const path = `${ROOT}/${encodeURIComponent(namespace)}`;
  return trigger === undefined ? path : `${path}/triggers/${encodeURIComponent(trigger)}`;
}

/** A 404 of whatever else stands on the way says nothing about the thing. */
async function unlessGone<Output>(ask: () => Promise<Output>): Promise<Output | undefined> {
  try {
    return await ask();
  } catch (cause) {
    if (cause instanceof ServiceError && cause.status === 404 && cause.reason === 'not_found')
      return undefined;
    throw cause;
  }
}

function namespaceOf(told: v.InferOutput<typeof namespaceSchema>): FunctionsNamespace {
  const { namespace, label, region, api_host, uuid, key } = told;
  return {
    id: namespace,
    label,
    region,
    apiHost: publicHost(api_host),
    credentials: key === undefined ? undefined : `${uuid}:${key}`,
  };
}

/** DigitalOcean tells the host by a name that is to be for its own use; its tools ask the same one by the other name. */
function publicHost(told: string): string {
  const url = told.includes('://') ? told : `https://${told}`;
  return url.replace(/\/+$/, '').replace(/\.doserverless\.io$/, '.doserverless.co');
}

function triggerOf(told: v.InferOutput<typeof triggerSchema>): FunctionsTrigger {
  const { name, function: action, is_enabled: enabled, scheduled_details } = told;
  return { name, function: action, enabled, cron: scheduled_details.cron };
}

import * as v from 'valibot';
import { jsonOf, type ServiceAnswer, ServiceError } from '../../../fleet/bearer-http.ts';

/** DigitalOcean's API, with the operator's token. Rejects with a `ServiceError` on anything but 2xx. */
export interface ApiClient {
  send(request: ApiRequest): Promise<ServiceAnswer>;
}

interface ApiRequest {
  what: string;
  method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  path: string;
  body?: unknown;
  scopes: readonly string[];
  once?: boolean;
  signal?: AbortSignal | undefined;
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
const READ = ['function:read', 'function:admin'];
const CREATE = ['function:create', 'function:admin'];
const UPDATE = ['function:update', 'function:admin'];
const DELETE = ['function:delete', 'function:admin'];

const namespaceAnswer = v.object({ namespace: namespaceSchema });
const namespacesAnswer = v.object({ namespaces: v.nullish(v.array(namespaceSchema)) });
const triggerAnswer = v.object({ trigger: triggerSchema });
const triggersAnswer = v.object({ triggers: v.nullish(v.array(triggerSchema)) });

export function createFunctionsApi(client: ApiClient): FunctionsApi {
  async function ask<Output>(request: ApiRequest, schema: v.GenericSchema<unknown, Output>): Promise<Output> {
    const answer = await client.send(request);
    const parsed = jsonOf(answer, schema);
    if (parsed !== undefined) return parsed;
    const text = answer.bytes.toString().slice(0, 120);
    throw new ServiceError(
      `${request.what}: not what Functions answers: ${text}`,
      'malformed',
      answer.status,
    );
  }

  return {
    async namespaces(signal) {
      const what = 'the Functions namespaces';
      const { namespaces } = await ask(
        { what, method: 'GET', path: ROOT, scopes: READ, signal },
        namespacesAnswer,
      );
      return (namespaces ?? []).map(namespaceOf);
    },
    namespace: (id, signal) =>
      unlessGone(async () => {
        const what = `the Functions namespace ${id}`;
        const request = {
          what,
          method: 'GET',
          path: pathOf(id),
          scopes: ['function:admin'],
          signal,
        } as const;
        return namespaceOf((await ask(request, namespaceAnswer)).namespace);
      }),
    async createNamespace(label, region) {
      const what = `making the Functions namespace ${label} in ${region}`;
      const request = {
        what,
        method: 'POST',
        path: ROOT,
        body: { label, region },
        scopes: CREATE,
        once: true,
      } as const;
      return namespaceOf((await ask(request, namespaceAnswer)).namespace);
    },
    async deleteNamespace(id) {
      const what = `deleting the Functions namespace ${id}`;
      await unlessGone(() => client.send({ what, method: 'DELETE', path: pathOf(id), scopes: DELETE }));
    },
    triggers: (namespace, signal) =>
      unlessGone(async () => {
        const what = `the triggers of ${namespace}`;
        const path = `${pathOf(namespace)}/triggers`;
        const { triggers } = await ask({ what, method: 'GET', path, scopes: READ, signal }, triggersAnswer);
        return (triggers ?? []).map(triggerOf);
      }),
    trigger: (namespace, name) =>
      unlessGone(async () => {
        const what = `the trigger ${name}`;
        const request = { what, method: 'GET', path: pathOf(namespace, name), scopes: READ } as const;
        return triggerOf((await ask(request, triggerAnswer)).trigger);
      }),
    async createTrigger(namespace, { name, function: action, enabled, cron }) {
      await client.send({
        what: `making the trigger ${name}`,
        method: 'POST',
        path: `${pathOf(namespace)}/triggers`,
        body: {
          name,
          function: action,
          type: 'SCHEDULED',
          is_enabled: enabled,
          scheduled_details: { cron, body: {} },
        },
        scopes: CREATE,
        once: true,
      });
    },
    async updateTrigger(namespace, { name, enabled, cron }, signal) {
      await client.send({
        what: `changing the trigger ${name}`,
        method: 'PUT',
        path: pathOf(namespace, name),
        body: { is_enabled: enabled, scheduled_details: { cron, body: {} } },
        scopes: UPDATE,
        signal,
      });
    },
    async deleteTrigger(namespace, name) {
      const what = `deleting the trigger ${name}`;
      await unlessGone(() =>
        client.send({ what, method: 'DELETE', path: pathOf(namespace, name), scopes: DELETE }),
      );
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
    credentials: key ? `${uuid}:${key}` : undefined,
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

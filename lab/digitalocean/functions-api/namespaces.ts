import * as v from 'valibot';
import { ApiError } from '../../cloud/api-error.ts';
import type { Path } from '../../cloud/api-request.ts';
import { json, type Method, method, NO_CONTENT } from '../front/method.ts';
import { createNamespace, type FunctionsModel, type Namespace, type Trigger } from './model.ts';

/** What the methods of DigitalOcean's API work on. */
export interface NamespacesSeen {
  model: FunctionsModel;
  /** Where actions are: the address that a namespace tells. */
  apiHost(namespace: Namespace): string;
  now(): number;
}

/** Functions has one datacenter in a region, and none in the others. */
const REGIONS = ['ams3', 'blr1', 'fra1', 'lon1', 'nyc1', 'sfo3', 'sgp1', 'syd1', 'tor1'];
const MOST_NAMESPACES = 10;
const MOST_TRIGGERS = 3;

const NAMESPACES = '/v2/functions/namespaces';
const NAMESPACE = `${NAMESPACES}/{namespace_id}`;
const TRIGGERS = `${NAMESPACE}/triggers`;
const TRIGGER = `${TRIGGERS}/{trigger_name}`;

const text = v.pipe(v.string(), v.minLength(1));
const CRON_FIELD = /^[\d*/,-]+$/;
const cron = v.pipe(
  v.string(),
  v.check((written) => {
    const fields = written.split(' ');
    return fields.length === 5 && fields.every((field) => CRON_FIELD.test(field));
  }, 'invalid cron expression: it has five fields'),
);
const scheduledDetails = v.strictObject({
  cron,
  body: v.optional(v.nullable(v.record(v.string(), v.unknown()))),
});

export const NAMESPACE_METHODS: readonly Method<NamespacesSeen>[] = [
  method(
    {
      id: 'functions_list_namespaces',
      http: 'GET',
      path: NAMESPACES,
      scopes: ['function:read', 'function:admin'],
    },
    (_asked, seen) =>
      json(200, { namespaces: [...seen.model.namespaces.values()].map((each) => namespaceView(each, seen)) }),
  ),
  method(
    {
      id: 'functions_create_namespace',
      http: 'POST',
      path: NAMESPACES,
      scopes: ['function:create', 'function:admin'],
      body: v.strictObject({ label: text, region: text }),
    },
    ({ body: { label, region } }, seen) => {
      const { namespaces } = seen.model;
      if (!REGIONS.includes(region)) throw new ApiError(404, 'bad_request', `invalid region: ${region}`);
      if (namespaces.size >= MOST_NAMESPACES)
        throw new ApiError(422, 'unprocessable_entity', 'namespace limit reached');
      const made = createNamespace(label, region, seen.now());
      namespaces.set(made.id, made);
      return json(200, { namespace: namespaceView(made, seen) });
    },
  ),
  method(
    { id: 'functions_get_namespace', http: 'GET', path: NAMESPACE, scopes: ['function:admin'] },
    ({ path }, seen) => json(200, { namespace: namespaceView(namespaceOf(path, seen), seen) }),
  ),
  method(
    {
      id: 'functions_delete_namespace',
      http: 'DELETE',
      path: NAMESPACE,
      scopes: ['function:delete', 'function:admin'],
    },
    ({ path }, seen) => {
      // With all that is in it.
      seen.model.namespaces.delete(namespaceOf(path, seen).id);
      return NO_CONTENT;
    },
  ),
  method(
    {
      id: 'functions_list_triggers',
      http: 'GET',
      path: TRIGGERS,
      scopes: ['function:read', 'function:admin'],
    },
    ({ path }, seen) => {
      const namespace = namespaceOf(path, seen);
      const triggers = [...namespace.triggers.values()];
      return json(200, { triggers: triggers.map((each) => triggerView(each, namespace)) });
    },
  ),
  method(
    {
      id: 'functions_create_trigger',
      http: 'POST',
      path: TRIGGERS,
      scopes: ['function:create', 'function:admin'],
      body: v.strictObject({
        name: text,
        function: text,
        type: v.literal('SCHEDULED'),
        is_enabled: v.boolean(),
        scheduled_details: scheduledDetails,
      }),
    },
    ({ path, body }, seen) => {
      const namespace = namespaceOf(path, seen);
      if (!namespace.actions.has(body.function))
        throw new ApiError(400, 'bad_request', `validating create trigger: no function ${body.function}`);
      if (namespace.triggers.has(body.name))
        throw new ApiError(400, 'bad_request', `trigger ${body.name} already exists`);
      if (namespace.triggers.size >= MOST_TRIGGERS)
        throw new ApiError(422, 'unprocessable_entity', 'triggers limit reached');
      const made: Trigger = {
        name: body.name,
        function: body.function,
        isEnabled: body.is_enabled,
        cron: body.scheduled_details.cron,
        body: body.scheduled_details.body ?? null,
        createdAt: seen.now(),
        updatedAt: seen.now(),
        lastRunAt: null,
      };
      namespace.triggers.set(made.name, made);
      return json(200, { trigger: triggerView(made, namespace) });
    },
  ),
  method(
    { id: 'functions_get_trigger', http: 'GET', path: TRIGGER, scopes: ['function:read', 'function:admin'] },
    ({ path }, seen) => {
      const namespace = namespaceOf(path, seen);
      return json(200, { trigger: triggerView(triggerOf(path, namespace), namespace) });
    },
  ),
  method(
    {
      id: 'functions_update_trigger',
      http: 'PUT',
      path: TRIGGER,
      scopes: ['function:update', 'function:admin'],
      // Neither its name nor its function.
      body: v.strictObject({
        is_enabled: v.optional(v.boolean()),
        scheduled_details: v.optional(scheduledDetails),
      }),
    },
    ({ path, body: { is_enabled, scheduled_details } }, seen) => {
      const namespace = namespaceOf(path, seen);
      const trigger = triggerOf(path, namespace);
      if (is_enabled !== undefined) trigger.isEnabled = is_enabled;
      if (scheduled_details !== undefined) {
        trigger.cron = scheduled_details.cron;
        trigger.body = scheduled_details.body ?? null;
      }
      trigger.updatedAt = seen.now();
      return json(200, { trigger: triggerView(trigger, namespace) });
    },
  ),
  method(
    {
      id: 'functions_delete_trigger',
      http: 'DELETE',
      path: TRIGGER,
      scopes: ['function:delete', 'function:admin'],
    },
    ({ path }, seen) => {
      const namespace = namespaceOf(path, seen);
      namespace.triggers.delete(triggerOf(path, namespace).name);
      return NO_CONTENT;
    },
  ),
];

function namespaceOf({ namespace_id: id = '' }: Path, { model }: NamespacesSeen): Namespace {
  const found = model.namespaces.get(id);
  if (found === undefined) throw new ApiError(404, 'not_found', 'namespace not found');
  return found;
}

function triggerOf({ trigger_name: name = '' }: Path, { triggers }: Namespace): Trigger {
  const found = triggers.get(name);
  if (found === undefined) throw new ApiError(404, 'not_found', 'trigger not found');
  return found;
}

function namespaceView(namespace: Namespace, { apiHost }: NamespacesSeen) {
  const { id, uuid, key, label, region, createdAt } = namespace;
  const at = new Date(createdAt).toISOString();
  return {
    api_host: apiHost(namespace),
    namespace: id,
    created_at: at,
    updated_at: at,
    label,
    region,
    uuid,
    key,
  };
}

function triggerView(trigger: Trigger, { id }: Namespace) {
  const {
    name,
    function: action,
    isEnabled,
    cron: schedule,
    body,
    createdAt,
    updatedAt,
    lastRunAt,
  } = trigger;
  return {
    namespace: id,
    name,
    function: action,
    type: 'SCHEDULED',
    is_enabled: isEnabled,
    created_at: new Date(createdAt).toISOString(),
    updated_at: new Date(updatedAt).toISOString(),
    scheduled_details: { cron: schedule, body },
    scheduled_runs: {
      last_run_at: lastRunAt === null ? null : new Date(lastRunAt).toISOString(),
      next_run_at: null,
    },
  };
}

import * as v from 'valibot';
import { ofType } from '../../pulumi/reading.ts';
import type { RecordedResource } from '../../pulumi/resource.ts';
import { triggerUrl } from '../data-sources.ts';
import type { HttpAction, Workflow } from '../model.ts';
import type { Place } from '../place.ts';
import { INERT } from './common.ts';
import { hasIdentity, identitiesOf } from './identity.ts';

const requestTrigger = v.object({ type: v.literal('Request') });
const recurrence = v.object({
  type: v.literal('Recurrence'),
  recurrence: v.object({ frequency: v.picklist(['Minute', 'Hour', 'Day']), interval: v.number() }),
});
const action = v.strictObject({
  type: v.literal('Http', 'the twin carries out HTTP requests only'),
  runAfter: v.optional(v.record(v.string(), v.unknown()), {}),
  inputs: v.strictObject({
    method: v.string(),
    uri: v.string(),
    headers: v.optional(v.record(v.string(), v.string()), {}),
    body: v.optional(v.unknown()),
    retryPolicy: v.optional(v.unknown()),
    authentication: v.optional(
      v.strictObject({
        type: v.literal('ManagedServiceIdentity'),
        audience: v.string(),
        identity: v.optional(v.string()),
      }),
    ),
  }),
});
const workflowSchema = v.strictObject({
  ...INERT,
  workflowName: v.string(),
  state: v.optional(v.picklist(['Enabled', 'Disabled']), 'Enabled'),
  identity: v.optional(hasIdentity),
  parameters: v.optional(v.record(v.string(), v.object({ value: v.unknown() })), {}),
  definition: v.object({
    triggers: v.record(v.string(), v.variant('type', [requestTrigger, recurrence])),
    actions: v.record(v.string(), action),
  }),
});

const UNITS = { Minute: 60_000, Hour: 3_600_000, Day: 86_400_000 };

export function readWorkflows(resources: readonly RecordedResource[], place: Place): Workflow[] {
  return ofType(resources, ['azure-native:logic:Workflow'], workflowSchema).map(({ id, is }) => {
    const triggers = Object.entries(is.definition.triggers);
    const request = triggers.find(([, { type }]) => type === 'Request')?.[0];
    const clocks = triggers.flatMap(([, each]) => (each.type === 'Recurrence' ? [each.recurrence] : []));
    const [clock] = clocks;
    return {
      id,
      name: is.workflowName,
      enabled: is.state === 'Enabled',
      identities: is.identity === undefined ? [] : identitiesOf(resources, is.identity),
      ...(request === undefined ? {} : { triggerUrl: triggerUrl(place, is.workflowName, request) }),
      ...(clock === undefined ? {} : { everyMs: clock.interval * UNITS[clock.frequency] }),
      parameters: Object.fromEntries(Object.entries(is.parameters).map(([name, { value }]) => [name, value])),
      actions: Object.entries(is.definition.actions).map(readAction),
    };
  });
}

function readAction([name, { inputs }]: [string, v.InferOutput<typeof action>]): HttpAction {
  const { method, uri, headers, body, authentication } = inputs;
  if (authentication === undefined) return { name, method, uri, headers, body };
  const { audience, identity } = authentication;
  return {
    name,
    method,
    uri,
    headers,
    body,
    authentication: { audience, ...(identity === undefined ? {} : { identity }) },
  };
}

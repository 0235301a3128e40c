import * as v from 'valibot';
import { ofType } from '../../pulumi/reading.ts';
import type { RecordedResource } from '../../pulumi/resource.ts';
import {
  type Action,
  createNamespace,
  FIRST_VERSION,
  type Namespace,
  nameOf,
} from '../functions-api/model.ts';

const DYNAMIC = 'pulumi-nodejs:dynamic/ebbtide:';

const namespaceSchema = v.object({ label: v.string(), region: v.string() });
const inNamespace = { namespace: v.string(), name: v.string() };
const packageSchema = v.object(inNamespace);
const actionSchema = v.object({
  ...inNamespace,
  package: v.string(),
  runtime: v.string(),
  code: v.string(),
  timeoutSeconds: v.number(),
  memoryMb: v.number(),
  parameters: v.record(v.string(), v.unknown()),
  webSecret: v.optional(v.string()),
  open: v.optional(v.boolean(), false),
});
const triggerSchema = v.object({
  ...inNamespace,
  function: v.string(),
  cron: v.string(),
  enabled: v.boolean(),
});

/** What the pool's own resources made on paper. Under the CLI they ask the API for it, and none is recorded. */
export function readNamespaces(resources: readonly RecordedResource[]): Namespace[] {
  const packages = ofType(resources, [`${DYNAMIC}FunctionsPackage`], packageSchema);
  const actions = ofType(resources, [`${DYNAMIC}FunctionsAction`], actionSchema);
  const triggers = ofType(resources, [`${DYNAMIC}FunctionsTrigger`], triggerSchema);
  return ofType(resources, [`${DYNAMIC}FunctionsNamespace`], namespaceSchema).map(({ id, is }) => {
    const namespace: Namespace = { ...createNamespace(is.label, is.region, 0), id };
    for (const { is: inside } of packages) {
      if (inside.namespace !== id) continue;
      const { name } = inside;
      namespace.packages.set(name, {
        name,
        version: FIRST_VERSION,
        publish: false,
        annotations: [],
        parameters: [],
      });
    }
    for (const { is: written } of actions) {
      if (written.namespace !== id) continue;
      const action = actionOf(written);
      namespace.actions.set(nameOf(action), action);
    }
    for (const { is: trigger } of triggers) {
      if (trigger.namespace !== id) continue;
      const { name, cron, enabled: isEnabled } = trigger;
      const times = { createdAt: 0, updatedAt: 0, lastRunAt: null };
      namespace.triggers.set(name, { name, function: trigger.function, isEnabled, cron, body: {}, ...times });
    }
    return namespace;
  });
}

/** As the pool's own resource writes it (`providers/digitalocean/functions/action.ts`), but for the archive. */
function actionOf(written: v.InferOutput<typeof actionSchema>): Action {
  const { name, package: inside, runtime, code, timeoutSeconds, memoryMb, parameters } = written;
  const { webSecret, open } = written;
  return {
    name,
    package: inside,
    version: FIRST_VERSION,
    publish: false,
    exec: { kind: runtime, code, binary: false },
    limits: { timeout: timeoutSeconds * 1_000, memory: memoryMb },
    parameters: Object.entries(parameters).map(([key, value]) => ({ key, value })),
    annotations: [
      { key: 'final', value: true },
      { key: 'web-export', value: webSecret !== undefined || open },
      ...(webSecret === undefined ? [] : [{ key: 'require-whisk-auth', value: webSecret }]),
    ],
  };
}

import * as v from 'valibot';
import { jsonOf } from '../bearer-http.ts';
import { PROTECTED_KEY, saysProtected } from '../protection.ts';
import { type AzureClient, AzureError } from './client.ts';
import { listAll } from './list-all.ts';

const VERSION = { 'api-version': '2024-03-01' };

const instanceSchema = v.object({
  instanceId: v.string(),
  location: v.string(),
  etag: v.optional(v.string()),
  tags: v.optional(v.nullable(v.record(v.string(), v.string()))),
  properties: v.object({
    vmId: v.optional(v.string(), ''),
    provisioningState: v.string(),
    protectionPolicy: v.optional(
      v.nullable(
        v.object({
          protectFromScaleIn: v.optional(v.boolean()),
          protectFromScaleSetActions: v.optional(v.boolean()),
        }),
      ),
    ),
  }),
});

/** One that Azure's own scale-in passes over. */
export interface ProtectedInstance {
  instanceId: string;
  /** Azure's own id of this one machine. */
  machine: string;
  /** A person has said so of this one: the runbook protects from scale-in, and does neither of these. */
  byOperator: boolean;
}

/** Whom Azure's own scale-in passes over, in a scale set. Rejects with `AzureError`. */
export interface SetProtection {
  /** Those that are being deleted are not among them. */
  list(): Promise<ProtectedInstance[]>;
  /** Begins it: that it is so is seen in the list. What else protects it stays, and what others change meanwhile wins. */
  end(instance: ProtectedInstance): Promise<void>;
}

/** `set`: its path in the resource manager. */
export function createSetProtection(client: AzureClient, set: string): SetProtection {
  return {
    async list() {
      const all = await listAll(client, `${set}/virtualMachines`, VERSION, instanceSchema);
      return all
        .filter(({ properties }) => isProtected(properties) && properties.provisioningState !== 'Deleting')
        .map((found) => ({
          instanceId: found.instanceId,
          machine: found.properties.vmId.toLowerCase(),
          byOperator: isOperators(found),
        }));
    },
    async end({ instanceId, machine }) {
      const path = `${set}/virtualMachines/${encodeURIComponent(instanceId)}`;
      const answer = await client.send({ method: 'GET', path, query: VERSION });
      const found = jsonOf(answer, instanceSchema);
      if (found === undefined)
        throw new AzureError(`GET ${path}: the answer makes no sense`, 'malformed', answer.status);
      const { location, etag, tags, properties } = found;
      const isIt = properties.vmId.toLowerCase() === machine;
      if (!isIt || !isProtected(properties) || isOperators(found)) return;
      await client.send({
        method: 'PUT',
        path,
        query: VERSION,
        headers: etag === undefined ? {} : { 'if-match': etag },
        // What is not said is taken away.
        body: JSON.stringify({
          location,
          tags: tags ?? {},
          properties: { protectionPolicy: { ...properties.protectionPolicy, protectFromScaleIn: false } },
        }),
      });
    },
  };
}

function isProtected({ protectionPolicy }: v.InferOutput<typeof instanceSchema>['properties']): boolean {
  return protectionPolicy?.protectFromScaleIn === true;
}

/** Azure's protection from everything, or Ebbtide's own tag. */
function isOperators({ tags, properties }: v.InferOutput<typeof instanceSchema>): boolean {
  return (
    properties.protectionPolicy?.protectFromScaleSetActions === true ||
    Object.entries(tags ?? {}).some(
      ([tag, value]) => tag.toLowerCase() === PROTECTED_KEY && saysProtected(value.toLowerCase()),
    )
  );
}

import * as v from 'valibot';
import { ApiError } from '../../cloud/api-error.ts';
import type { Path } from '../../cloud/api-request.ts';
import type { HttpReply } from '../../cloud/http-front.ts';
import { hexId } from '../../cloud/identifiers.ts';
import type { Instance } from '../compute/instance.ts';
import type { Machines } from '../compute/machines.ts';
import type { Operation, Operations } from '../compute/operations.ts';
import type { RunningSets } from '../compute/running-sets.ts';
import type { RunningScaleSet } from '../compute/scale-set.ts';
import type { Faults } from '../faults.ts';
import type { ScaleSet } from '../model.ts';
import { json, type Method, method, notFound, nothing } from './arm-method.ts';
import { etagOf, etagOfSet, instanceView, operationView, setView } from './compute-views.ts';

export interface ComputeOptions {
  sets: RunningSets;
  machines: Machines;
  operations: Operations;
  faults: Faults;
  endpoint(): string;
  location(): string;
  /** How many instances are on one page. */
  pageSize?: number | undefined;
}

const COMPUTE_VERSION = '2024-03-01';
const SETS =
  '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Compute/virtualMachineScaleSets';
const VMS = `${SETS}/{vmScaleSetName}/virtualMachines`;
const ACTIONS = 'Microsoft.Compute/virtualMachineScaleSets';

const protectionSchema = v.strictObject({
  protectFromScaleIn: v.optional(v.boolean()),
  protectFromScaleSetActions: v.optional(v.boolean()),
});
const updateSchema = v.strictObject({
  location: v.string('location is required'),
  tags: v.optional(v.record(v.string(), v.string()), {}),
  properties: v.strictObject({ protectionPolicy: v.optional(protectionSchema) }),
});
const resizeSchema = v.strictObject({
  sku: v.strictObject({ capacity: v.pipe(v.number(), v.integer(), v.minValue(0)) }),
});
const expand = v.optional(v.literal('instanceView'));

/** Scale sets and their instances, as far as the program uses them. */
export function createCompute(options: ComputeOptions): Method[] {
  const { sets, machines, operations, faults, pageSize = 120 } = options;
  const setId = (path: Path) =>
    `/subscriptions/${path.subscriptionId}/resourceGroups/${path.resourceGroupName}/providers/Microsoft.Compute/virtualMachineScaleSets/${path.vmScaleSetName ?? path.virtualMachineScaleSetName}`;
  const instanceId = (path: Path) => `${setId(path)}/virtualMachines/${path.instanceId}`;
  const takenUp = new Map<string, Operation>();
  const common = { version: COMPUTE_VERSION, scope: instanceId };

  function mustSet(path: Path): RunningScaleSet {
    const found = sets.find(setId(path));
    if (found === undefined) throw notFound(setId(path));
    return found;
  }

  function mustInstance(path: Path): Instance {
    const found = mustSet(path)
      .members()
      .find(({ id }) => id === path.instanceId);
    if (found === undefined) {
      throw new ApiError(404, 'NotFound', `The entity '${path.instanceId}' was not found.`);
    }
    return found;
  }

  /** While the set takes up one deletion, it takes up no other one. */
  function mustNotOverlap({ id }: ScaleSet): void {
    const earlier = takenUp.get(id);
    if (earlier !== undefined && operations.isBeginning(earlier)) {
      const message =
        'The request failed due to conflict with a concurrent request. To resolve it, please refer to https://aka.ms/activitylog to get more details on the conflicting requests.';
      throw new ApiError(409, 'Conflict', message);
    }
  }

  /** Accepted: it goes on in the background, and fails there where the twin was told so. */
  function begin(id: string, work: () => Promise<void> | void, deletesOf?: ScaleSet): HttpReply {
    const fault = faults.take({ service: 'operations', action: id });
    const operation = fault === undefined ? operations.begin(work) : operations.fail();
    if (deletesOf !== undefined) takenUp.set(deletesOf.id, operation);
    const place = `${options.endpoint()}/subscriptions/${subscriptionOf(sets)}/providers/Microsoft.Compute/locations/${options.location()}`;
    const version = `api-version=${COMPUTE_VERSION}`;
    return nothing(202, {
      'azure-asyncoperation': `${place}/operations/${operation.id}?${version}&${signed(operation.id)}`,
      location: `${place}/operations/${operation.id}?monitor=true&${version}&${signed(operation.id)}`,
      'retry-after': '1',
    });
  }

  return [
    method(
      {
        ...common,
        id: 'VirtualMachineScaleSetVMs_List',
        http: 'GET',
        path: `${SETS}/{virtualMachineScaleSetName}/virtualMachines`,
        action: `${ACTIONS}/virtualMachines/read`,
        scope: setId,
        query: v.strictObject({ $expand: expand, $skiptoken: v.optional(v.string()) }),
      },
      ({ path, query, url }) => {
        const all = mustSet(path).members();
        const from = Number(query.$skiptoken ?? 0);
        const page = all.slice(from, from + pageSize);
        const next = new URL(url.pathname + url.search, options.endpoint());
        next.searchParams.set('$skiptoken', String(from + pageSize));
        return json(200, {
          value: page.map((instance) => instanceView(instance, query.$expand !== undefined)),
          ...(from + pageSize < all.length ? { nextLink: withPort(next) } : {}),
        });
      },
    ),

    method(
      {
        ...common,
        id: 'VirtualMachineScaleSetVMs_Get',
        http: 'GET',
        path: `${VMS}/{instanceId}`,
        action: `${ACTIONS}/virtualMachines/read`,
        query: v.strictObject({ $expand: expand }),
      },
      ({ path, query }) => {
        const instance = mustInstance(path);
        const headers = { etag: etagOf(instance) };
        return json(200, instanceView(instance, query.$expand !== undefined), headers);
      },
    ),

    method(
      {
        ...common,
        id: 'VirtualMachineScaleSetVMs_Update',
        http: 'PUT',
        path: `${VMS}/{instanceId}`,
        action: `${ACTIONS}/virtualMachines/write`,
        body: updateSchema,
      },
      ({ path, body, headers }) => {
        const instance = mustInstance(path);
        const wanted = headers['if-match'];
        if (wanted !== undefined && wanted !== '*' && wanted !== etagOf(instance)) {
          throw new ApiError(412, 'PreconditionFailed', 'The entity has changed.');
        }
        if (instance.provisioning === 'Deleting') {
          throw new ApiError(409, 'OperationNotAllowed', `The instance ${instance.name} is being deleted.`);
        }
        return begin('VirtualMachineScaleSetVMs_Update', () => {
          // What is not said is taken away.
          instance.tags = body.tags;
          instance.protection = body.properties.protectionPolicy;
          instance.version += 1;
        });
      },
    ),

    method(
      {
        ...common,
        id: 'VirtualMachineScaleSetVMs_Delete',
        http: 'DELETE',
        path: `${VMS}/{instanceId}`,
        action: `${ACTIONS}/virtualMachines/delete`,
        query: v.strictObject({ forceDeletion: v.optional(v.picklist(['true', 'false'])) }),
      },
      ({ path, caller }) => {
        const set = mustSet(path);
        const instance = set.members().find(({ id }) => id === path.instanceId);
        if (instance === undefined) return nothing(204);
        mustNotOverlap(set.set);
        const remove = async () => {
          if (instance.provisioning === 'Deleting') return;
          await set.remove(instance, `deleted by ${caller.principal.name}`);
          machines.tell(instance, 'deleted');
        };
        return begin('VirtualMachineScaleSetVMs_Delete', remove, set.set);
      },
    ),

    method(
      {
        version: COMPUTE_VERSION,
        id: 'VirtualMachineScaleSets_Get',
        http: 'GET',
        path: `${SETS}/{vmScaleSetName}`,
        action: `${ACTIONS}/read`,
        scope: setId,
        query: v.strictObject({ $expand: v.optional(v.string()) }),
      },
      ({ path }) => json(200, setView(mustSet(path))),
    ),

    method(
      {
        version: COMPUTE_VERSION,
        id: 'VirtualMachineScaleSets_Update',
        http: 'PATCH',
        path: `${SETS}/{vmScaleSetName}`,
        action: `${ACTIONS}/write`,
        scope: setId,
        body: resizeSchema,
      },
      ({ path, body, headers, caller }) => {
        const set = mustSet(path);
        const wanted = headers['if-match'];
        if (wanted !== undefined && wanted !== '*' && wanted !== etagOfSet(set)) {
          throw new ApiError(412, 'PreconditionFailed', 'The entity has changed.');
        }
        set.resize(body.sku.capacity, 'api', `resized by ${caller.principal.name}`);
        return json(200, setView(set));
      },
    ),

    method(
      {
        version: COMPUTE_VERSION,
        id: 'Operations_Get',
        http: 'GET',
        path: '/subscriptions/{subscriptionId}/providers/Microsoft.Compute/locations/{location}/operations/{operationId}',
        // Who was given such an address may look: Azure signs it, and asks for no role.
        action: undefined,
        scope: ({ subscriptionId }) => `/subscriptions/${subscriptionId}`,
        query: v.strictObject({
          monitor: v.optional(v.literal('true')),
          t: v.string(),
          c: v.string(),
          s: v.string(),
          h: v.string(),
        }),
      },
      ({ path, query }) => {
        if (query.s !== signatureOf(path.operationId ?? '')) {
          throw new ApiError(403, 'AuthorizationFailed', 'The address is not as it was given.');
        }
        const operation = operations.find(path.operationId ?? '');
        if (operation === undefined) throw notFound(path.operationId ?? '');
        const headers: Record<string, string> =
          operation.status === 'InProgress' ? { 'retry-after': '1' } : {};
        if (query.monitor === undefined) return json(200, operationView(operation), headers);
        return nothing(operation.status === 'InProgress' ? 202 : 200, headers);
      },
    ),
  ];
}

/** As Azure writes them: `https://management.azure.com:443/…`. */
function withPort({ protocol, hostname, port, pathname, search }: URL): string {
  return `${protocol}//${hostname}:${port || (protocol === 'https:' ? 443 : 80)}${pathname}${search}`;
}

function signed(operation: string): string {
  return `t=638900000000000000&c=MII&s=${signatureOf(operation)}&h=${hexId(operation, 12)}`;
}

function signatureOf(operation: string): string {
  return hexId(`signature of ${operation}`, 40);
}

function subscriptionOf(sets: RunningSets): string {
  return sets.all()[0]?.set.id.split('/')[2] ?? '';
}

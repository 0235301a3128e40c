import type * as v from 'valibot';
import type { Clock } from '../clock.ts';
import { type GcpClient, GcpError, type GcpRequest, readAnswer } from './client.ts';
import { followOperation } from './compute-operations.ts';
import {
  type AutoscalerState,
  aggregatedInstancesSchema,
  autoscalerSchema,
  groupSchema,
  type Instance,
  type InstanceGroupState,
  type ManagedInstance,
  managedInstancesSchema,
  type Operation,
  operationSchema,
} from './compute-schemas.ts';

/** On every machine of a pool, from its template. */
export const POOL_LABEL = 'ebbtide-pool';
/** The id of the decision by which a machine has left its group. */
export const DECISION_LABEL = 'ebbtide-decision';

export type AutoscalerMode = 'ON' | 'ONLY_SCALE_OUT' | 'ONLY_UP' | 'OFF';
export type InstanceName = Pick<Instance, 'name' | 'zone'>;

/** `listedAt`: when it was so, by Google's own clock; NaN where it told none. */
export interface ListedInstance extends Instance {
  listedAt: number;
}

/** One pool's part of Compute Engine. Every member rejects with `GcpError`; lists are whole, or they reject. */
export interface Compute {
  readonly groupName: string;
  readAutoscaler(signal?: AbortSignal): Promise<AutoscalerState>;
  /** undefined only where Google said that there is no such group. */
  readGroup(signal?: AbortSignal): Promise<InstanceGroupState | undefined>;
  /** Who the group has, to the last page. */
  listManaged(signal?: AbortSignal): Promise<ManagedInstance[]>;
  /** Every instance of the region with the pool's label, in its group or not, to the last page. */
  listInstances(signal?: AbortSignal): Promise<ListedInstance[]>;
  /** Takes instances out of the group; they run on. One that the group does not have makes all of it fail. */
  abandon(instances: readonly InstanceName[], signal?: AbortSignal): Promise<Operation>;
  /** undefined where there is no such instance any more. */
  delete(instance: InstanceName, signal?: AbortSignal): Promise<Operation | undefined>;
  /** Adds labels to those that it was read with. undefined where somebody else has changed them meanwhile. */
  addLabels(
    instance: Instance,
    labels: Record<string, string>,
    signal?: AbortSignal,
  ): Promise<Operation | undefined>;
  /** What the autoscaler does with the group: OFF nothing, ONLY_SCALE_OUT it only grows it. */
  setScaling(mode: AutoscalerMode, signal?: AbortSignal): Promise<Operation>;
  /** The group deletes every machine that it has, and makes none. */
  emptyGroup(signal?: AbortSignal): Promise<Operation>;
  /** To its end; rejects where it failed, or was not seen to end. */
  follow(operation: Operation, signal?: AbortSignal): Promise<void>;
}

export interface ComputeOptions {
  client: GcpClient;
  clock: Clock;
  project: string;
  region: string;
  pool: string;
  group: string;
  autoscaler: string;
}

const PAGE_SIZE = 500;

export function createCompute(options: ComputeOptions): Compute {
  const { client, clock, project, region, pool } = options;
  const root = `/compute/v1/projects/${encodeURIComponent(project)}`;
  const regionPath = `${root}/regions/${encodeURIComponent(region)}`;
  const groupPath = `${regionPath}/instanceGroupManagers/${encodeURIComponent(options.group)}`;
  const instancePath = ({ zone, name }: InstanceName) =>
    `${root}/zones/${encodeURIComponent(zone)}/instances/${encodeURIComponent(name)}`;

  async function ask<Output>(
    what: string,
    schema: v.GenericSchema<unknown, Output>,
    request: Omit<GcpRequest, 'service'>,
  ): Promise<Output> {
    return readAnswer(what, await client.send({ service: 'compute', ...request }), schema);
  }

  /** What is asked for a list by its pages; a page that has no next one is the last. */
  async function everyPage(read: (pageToken: string | undefined) => Promise<string | undefined>) {
    const seen = new Set<string>();
    let token: string | undefined;
    do {
      token = (await read(token)) || undefined;
      if (token !== undefined && seen.has(token))
        throw new GcpError('a list gives the same page again and again', 'malformed');
      if (token !== undefined) seen.add(token);
    } while (token !== undefined);
  }

  async function listManaged(signal?: AbortSignal): Promise<ManagedInstance[]> {
    const found: ManagedInstance[] = [];
    await everyPage(async (pageToken) => {
      const page = await ask(`the machines of ${options.group}`, managedInstancesSchema, {
        method: 'POST',
        path: `${groupPath}/listManagedInstances`,
        query: { maxResults: PAGE_SIZE, pageToken },
        signal,
      });
      found.push(...page.managedInstances);
      return page.nextPageToken;
    });
    return found;
  }

  async function listInstances(signal?: AbortSignal): Promise<ListedInstance[]> {
    const found: ListedInstance[] = [];
    const isOfRegion = (scope: string) => scope.startsWith(`zones/${region}-`);
    await everyPage(async (pageToken) => {
      const answer = await client.send({
        service: 'compute',
        method: 'GET',
        path: `${root}/aggregated/instances`,
        query: { filter: `labels.${POOL_LABEL}=${pool}`, maxResults: PAGE_SIZE, pageToken },
        signal,
      });
      const page = readAnswer(`the instances of ${pool}`, answer, aggregatedInstancesSchema);
      const { items, nextPageToken, unreachables, warning } = page;
      const scopes = Object.entries(items).filter(([scope]) => isOfRegion(scope));
      const unread = [
        ...scopes.filter(([, part]) => isIncomplete(part.warning)).map(([scope]) => scope),
        ...unreachables.filter((where) => isOfRegion(where.slice(where.indexOf('zones/')))),
        // Of no zone in particular: it may be any of them.
        ...(isIncomplete(warning) && unreachables.length === 0 ? [warning?.code ?? 'a warning'] : []),
      ];
      if (unread.length > 0)
        throw new GcpError(`the instances of ${pool} could not be read: ${unread.join(', ')}`, 'incomplete');
      const listed = scopes.flatMap(([, { instances }]) => instances);
      found.push(...listed.map((instance) => ({ ...instance, listedAt: answer.date })));
      return nextPageToken;
    });
    return found;
  }

  return {
    groupName: options.group,
    readAutoscaler: (signal) =>
      ask(`the autoscaler ${options.autoscaler}`, autoscalerSchema, {
        method: 'GET',
        path: `${regionPath}/autoscalers/${encodeURIComponent(options.autoscaler)}`,
        signal,
      }),
    readGroup: (signal) =>
      unless(
        'notFound',
        ask(`the group ${options.group}`, groupSchema, { method: 'GET', path: groupPath, signal }),
      ),
    listManaged,
    listInstances,
    abandon: (instances, signal) =>
      ask('taking machines out of the group', operationSchema, {
        method: 'POST',
        path: `${groupPath}/abandonInstances`,
        body: JSON.stringify({
          instances: instances.map(({ zone, name }) => `zones/${zone}/instances/${name}`),
        }),
        signal,
      }),
    delete: (instance, signal) =>
      unless(
        'notFound',
        ask(`deleting ${instance.name}`, operationSchema, {
          method: 'DELETE',
          path: instancePath(instance),
          signal,
        }),
      ),
    addLabels: (instance, labels, signal) =>
      unless(
        'conditionNotMet',
        ask(`labelling ${instance.name}`, operationSchema, {
          method: 'POST',
          path: `${instancePath(instance)}/setLabels`,
          body: JSON.stringify({
            labels: { ...instance.labels, ...labels },
            labelFingerprint: instance.labelFingerprint,
          }),
          signal,
        }),
      ),
    setScaling: (mode, signal) =>
      ask(`setting the autoscaler ${options.autoscaler} to ${mode}`, operationSchema, {
        method: 'PATCH',
        path: `${regionPath}/autoscalers`,
        query: { autoscaler: options.autoscaler },
        body: JSON.stringify({ autoscalingPolicy: { mode } }),
        signal,
      }),
    emptyGroup: (signal) =>
      ask(`emptying the group ${options.group}`, operationSchema, {
        method: 'POST',
        path: `${groupPath}/resize`,
        query: { size: 0 },
        signal,
      }),
    follow: (operation, signal) => followOperation({ client, project, clock }, operation, signal),
  };
}

/** That a page of a list shows nothing of a scope is no news, and no gap. */
function isIncomplete(warning: { code?: string | undefined } | undefined): boolean {
  return warning !== undefined && warning.code !== 'NO_RESULTS_ON_PAGE';
}

const STATUS_OF = { notFound: 404, conditionNotMet: 412 } as const;

/** undefined for the one refusal that is an answer. */
async function unless<Answer>(
  refusal: keyof typeof STATUS_OF,
  asked: Promise<Answer>,
): Promise<Answer | undefined> {
  try {
    return await asked;
  } catch (cause) {
    if (cause instanceof GcpError && cause.status === STATUS_OF[refusal]) return undefined;
    throw cause;
  }
}

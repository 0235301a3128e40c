import * as v from 'valibot';
import { ApiError, malformed } from '../../cloud/api-error.ts';
import { type Instance, numericId } from '../compute/instance.ts';
import type { ManagedGroup } from '../compute/managed-group.ts';
import {
  autoscalerPath,
  autoscalerView,
  groupPath,
  groupView,
  managedInstanceView,
} from '../compute/views.ts';
import { computeTarget } from '../iam/targets.ts';
import { type Caller, type Method, method, type Result } from './api.ts';
import { type ComputeOptions, operationResult } from './compute-options.ts';
import { filtered } from './filter.ts';
import { pageOf } from './paging.ts';
import { FIELDS, PAGING, REQUEST_ID, text, whole } from './parameters.ts';

const ROOT = '/compute/v1/projects/{project}/regions/{region}';
const GROUP = { project: text, region: text, instanceGroupManager: text };
const UPDATE = 'compute.instanceGroupManagers.update';
const named = v.strictObject({ instances: v.pipe(v.array(text), v.minLength(1), v.maxLength(1000)) });

/** Regional managed instance groups and their autoscalers. */
export function createGroupMethods(options: ComputeOptions): Method[] {
  const { place, groups } = options;

  interface GroupInput {
    project: string;
    region: string;
    instanceGroupManager: string;
  }

  function must(input: GroupInput, caller: Caller, permission: string): ManagedGroup {
    const path = groupPath(place, input.instanceGroupManager);
    caller.authorise(permission, computeTarget(path));
    return mustBeHere(input, groups.find(input.instanceGroupManager), path);
  }

  function mustBeHere<Thing>(
    input: { project: string; region: string },
    thing: Thing | undefined,
    path: string,
  ): Thing {
    if (thing !== undefined && input.project === place.project && input.region === place.region) return thing;
    throw new ApiError(404, 'notFound', `The resource '${path}' was not found`);
  }

  /** `…/zones/ZONE/instances/NAME`, all of them members: else nothing is done. */
  function membersNamed(managed: ManagedGroup, urls: readonly string[]): Instance[] {
    return urls.map((url) => {
      const [, zone, name] = /(?:^|\/)zones\/([^/]+)\/instances\/([^/]+)$/.exec(url) ?? [];
      if (name === undefined) {
        throw malformed('invalid', `Invalid value for field 'instances': '${url}'. The URL is malformed.`);
      }
      const member = managed.members().find((each) => each.name === name && each.zone === zone);
      if (member !== undefined && member.action !== 'ABANDONING' && member.action !== 'DELETING')
        return member;
      throw new ApiError(400, 'invalid', `Instance '${url}' is not a member of ${managed.group.name}`);
    });
  }

  function change(type: string, managed: ManagedGroup, caller: Caller, work: () => void): Result {
    const target = groupPath(place, managed.group.name);
    const scope = { kind: 'region' as const, name: place.region };
    return operationResult(options, caller, { type, scope, target, targetId: numericId(target) }, work);
  }

  return [
    method(
      {
        id: 'compute.regionInstanceGroupManagers.get',
        http: 'GET',
        path: `${ROOT}/instanceGroupManagers/{instanceGroupManager}`,
        parameters: v.strictObject({ ...GROUP, ...FIELDS }),
      },
      (input, caller) => {
        const managed = must(input, caller, 'compute.instanceGroupManagers.get');
        return { kind: 'json', value: groupView(place, managed) };
      },
    ),

    method(
      {
        id: 'compute.regionInstanceGroupManagers.listManagedInstances',
        http: 'POST',
        path: `${ROOT}/instanceGroupManagers/{instanceGroupManager}/listManagedInstances`,
        parameters: v.strictObject({ ...GROUP, ...PAGING, ...FIELDS }),
      },
      ({ filter, pageToken, maxResults, ...input }, caller) => {
        const managed = must(input, caller, 'compute.instanceGroupManagers.get');
        const all = filtered(
          managed.members().map((each) => managedInstanceView(place, each)),
          filter,
        );
        // Without being told to, a group pages nothing, however it is asked.
        const { items, nextPageToken } = managed.group.paginated
          ? pageOf(all, { pageToken, maxResults }, options.pageSize)
          : { items: all };
        const value = {
          ...(items.length === 0 ? {} : { managedInstances: items }),
          ...(nextPageToken === undefined ? {} : { nextPageToken }),
        };
        return { kind: 'json', value };
      },
    ),

    method(
      {
        id: 'compute.regionInstanceGroupManagers.abandonInstances',
        http: 'POST',
        path: `${ROOT}/instanceGroupManagers/{instanceGroupManager}/abandonInstances`,
        parameters: v.strictObject({ ...GROUP, ...REQUEST_ID, ...FIELDS }),
        body: named,
      },
      (input, caller, { instances }) => {
        const managed = must(input, caller, UPDATE);
        const members = membersNamed(managed, instances);
        return change('regionInstanceGroupManagers.abandonInstances', managed, caller, () =>
          managed.abandon(members),
        );
      },
    ),

    method(
      {
        id: 'compute.regionInstanceGroupManagers.deleteInstances',
        http: 'POST',
        path: `${ROOT}/instanceGroupManagers/{instanceGroupManager}/deleteInstances`,
        parameters: v.strictObject({ ...GROUP, ...REQUEST_ID, ...FIELDS }),
        body: named,
      },
      (input, caller, { instances }) => {
        const managed = must(input, caller, UPDATE);
        const members = membersNamed(managed, instances);
        return change('regionInstanceGroupManagers.deleteInstances', managed, caller, () =>
          managed.remove(members),
        );
      },
    ),

    method(
      {
        id: 'compute.regionInstanceGroupManagers.resize',
        http: 'POST',
        path: `${ROOT}/instanceGroupManagers/{instanceGroupManager}/resize`,
        parameters: v.strictObject({
          ...GROUP,
          size: v.pipe(whole, v.minValue(0)),
          ...REQUEST_ID,
          ...FIELDS,
        }),
      },
      ({ size, ...input }, caller) => {
        const managed = must(input, caller, UPDATE);
        return change('regionInstanceGroupManagers.resize', managed, caller, () =>
          managed.resize(size, 'api', `resized by ${caller.principal.email}`),
        );
      },
    ),

    method(
      {
        id: 'compute.regionAutoscalers.get',
        http: 'GET',
        path: `${ROOT}/autoscalers/{autoscaler}`,
        parameters: v.strictObject({ project: text, region: text, autoscaler: text, ...FIELDS }),
      },
      ({ autoscaler: name, ...input }, caller) => {
        const path = autoscalerPath(place, name);
        caller.authorise('compute.autoscalers.get', computeTarget(path));
        const autoscaler = mustBeHere(input, groups.autoscaler(name), path);
        const managed = groups.all().find(({ group }) => group.autoscaler?.name === name);
        return { kind: 'json', value: autoscalerView(place, autoscaler, managed?.group.name ?? '') };
      },
    ),

    method(
      {
        id: 'compute.regionAutoscalers.patch',
        http: 'PATCH',
        path: `${ROOT}/autoscalers`,
        parameters: v.strictObject({
          project: text,
          region: text,
          autoscaler: text,
          ...REQUEST_ID,
          ...FIELDS,
        }),
        body: v.strictObject({
          autoscalingPolicy: v.strictObject({ mode: v.picklist(['ON', 'ONLY_SCALE_OUT', 'OFF']) }),
        }),
      },
      ({ autoscaler: name, ...input }, caller, { autoscalingPolicy: { mode } }) => {
        const target = autoscalerPath(place, name);
        caller.authorise('compute.autoscalers.update', computeTarget(target));
        const autoscaler = mustBeHere(input, groups.autoscaler(name), target);
        const scope = { kind: 'region' as const, name: place.region };
        const operation = { type: 'patch', scope, target, targetId: numericId(target) };
        return operationResult(options, caller, operation, () =>
          autoscaler.change({ ...autoscaler.model, mode }),
        );
      },
    ),
  ];
}

import * as v from 'valibot';
import { ApiError } from '../../cloud/api-error.ts';
import { fingerprintOf, type Instance } from '../compute/instance.ts';
import { instancePath, instanceView } from '../compute/views.ts';
import { instanceTarget, projectTarget } from '../iam/targets.ts';
import { type Method, method } from './api.ts';
import { type ComputeOptions, operationResult } from './compute-options.ts';
import { filtered } from './filter.ts';
import { pageOf } from './paging.ts';
import { FIELDS, flag, PAGING, REQUEST_ID, text } from './parameters.ts';

const ONE = { project: text, zone: text, instance: text };
const ROOT = '/compute/v1/projects/{project}';
/** A machine without work shuts down in seconds; by the cloud's clock. */
const SHUTDOWN_MS = 5000;

const labelValue = v.pipe(v.string(), v.regex(/^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$/u, 'is no value of a label'));
const labelKey = v.pipe(
  v.string(),
  v.regex(/^[\p{Ll}\p{Lo}][\p{Ll}\p{Lo}\p{N}_-]{0,62}$/u, 'is no key of a label'),
);

/** Instances, each and in lists. */
export function createInstanceMethods(options: ComputeOptions): Method[] {
  const { place, machines, pageSize } = options;

  function must({ project, zone, instance }: { project: string; zone: string; instance: string }): Instance {
    const found = machines.present().find((each) => each.name === instance && each.zone === zone);
    if (found !== undefined && project === place.project) return found;
    throw new ApiError(
      404,
      'notFound',
      `The resource 'projects/${project}/zones/${zone}/instances/${instance}' was not found`,
    );
  }

  return [
    method(
      {
        id: 'compute.instances.aggregatedList',
        http: 'GET',
        path: `${ROOT}/aggregated/instances`,
        parameters: v.strictObject({
          project: text,
          includeAllScopes: v.optional(flag),
          ...PAGING,
          ...FIELDS,
        }),
      },
      ({ filter, ...paging }, caller) => {
        caller.authorise('compute.instances.list', projectTarget(place.project));
        const views = machines
          .present()
          .map((each) => ({ zone: each.zone, view: instanceView(place, each) }));
        const kept = new Set(
          filtered(
            views.map(({ view }) => view),
            filter,
          ),
        );
        const { items, nextPageToken } = pageOf(
          views.filter(({ view }) => kept.has(view)),
          paging,
          pageSize,
        );
        const scopes = Object.fromEntries(
          options.zones().map((zone) => {
            const own = items.filter((each) => each.zone === zone).map(({ view }) => view);
            const empty = {
              warning: {
                code: 'NO_RESULTS_ON_PAGE',
                message: `There are no results for scope 'zones/${zone}' on this page.`,
              },
            };
            return [`zones/${zone}`, own.length > 0 ? { instances: own } : empty];
          }),
        );
        const value = {
          kind: 'compute#instanceAggregatedList',
          id: `projects/${place.project}/aggregated/instances`,
          items: scopes,
          ...(nextPageToken === undefined ? {} : { nextPageToken }),
        };
        return { kind: 'json', value };
      },
    ),

    method(
      {
        id: 'compute.instances.list',
        http: 'GET',
        path: `${ROOT}/zones/{zone}/instances`,
        parameters: v.strictObject({ project: text, zone: text, ...PAGING, ...FIELDS }),
      },
      ({ zone, filter, ...paging }, caller) => {
        caller.authorise('compute.instances.list', projectTarget(place.project));
        const views = machines
          .present()
          .filter((each) => each.zone === zone)
          .map((each) => instanceView(place, each));
        const { items, nextPageToken } = pageOf(filtered(views, filter), paging, pageSize);
        const value = {
          kind: 'compute#instanceList',
          id: `projects/${place.project}/zones/${zone}/instances`,
          items,
          ...(nextPageToken === undefined ? {} : { nextPageToken }),
        };
        return { kind: 'json', value };
      },
    ),

    method(
      {
        id: 'compute.instances.get',
        http: 'GET',
        path: `${ROOT}/zones/{zone}/instances/{instance}`,
        parameters: v.strictObject({ ...ONE, ...FIELDS }),
      },
      (input, caller) => {
        caller.authorise('compute.instances.get', instanceTarget(input.project, input.zone, input.instance));
        return { kind: 'json', value: instanceView(place, must(input)) };
      },
    ),

    method(
      {
        id: 'compute.instances.delete',
        http: 'DELETE',
        path: `${ROOT}/zones/{zone}/instances/{instance}`,
        parameters: v.strictObject({ ...ONE, ...REQUEST_ID, ...FIELDS }),
      },
      (input, caller) => {
        caller.authorise(
          'compute.instances.delete',
          instanceTarget(input.project, input.zone, input.instance),
        );
        const instance = must(input);
        return operationResult(options, caller, specOf('instances.delete', instance), () => {
          machines.decide(instance, { scaleIn: false, cause: `deleted by ${caller.principal.email}` });
          return machines.remove(instance, SHUTDOWN_MS, `deleted by ${caller.principal.email}`);
        });
      },
    ),

    method(
      {
        id: 'compute.instances.setLabels',
        http: 'POST',
        path: `${ROOT}/zones/{zone}/instances/{instance}/setLabels`,
        parameters: v.strictObject({ ...ONE, ...REQUEST_ID, ...FIELDS }),
        body: v.strictObject({ labels: v.record(labelKey, labelValue), labelFingerprint: text }),
      },
      (input, caller, { labels, labelFingerprint }) => {
        caller.authorise(
          'compute.instances.setLabels',
          instanceTarget(input.project, input.zone, input.instance),
        );
        const instance = must(input);
        if (labelFingerprint !== fingerprintOf(instance.labels)) {
          throw new ApiError(
            412,
            'conditionNotMet',
            'Supplied fingerprint does not match current labels fingerprint.',
          );
        }
        return operationResult(options, caller, specOf('instances.setLabels', instance), () => {
          instance.labels = { ...labels };
        });
      },
    ),
  ];

  function specOf(type: string, instance: Instance) {
    return {
      type,
      scope: { kind: 'zone' as const, name: instance.zone },
      target: instancePath(place, instance),
      targetId: instance.id,
    };
  }
}

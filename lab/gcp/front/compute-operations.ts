import * as v from 'valibot';
import { ApiError } from '../../cloud/api-error.ts';
import type { Operation } from '../compute/operations.ts';
import { operationView } from '../compute/views.ts';
import { computeTarget } from '../iam/targets.ts';
import { type Caller, type Method, method, type Result } from './api.ts';
import type { ComputeOptions } from './compute-options.ts';
import { FIELDS, text } from './parameters.ts';

const ROOT = '/compute/v1/projects/{project}';

/** Operations of a zone and of the region. */
export function createOperationMethods({ place, operations }: ComputeOptions): Method[] {
  function find(scope: Operation['scope'], name: string, caller: Caller, permission: string): Result {
    const path = `projects/${place.project}/${scope.kind}s/${scope.name}/operations/${name}`;
    caller.authorise(permission, computeTarget(path));
    const operation = operations.find(scope, name);
    if (operation === undefined) throw new ApiError(404, 'notFound', `The resource '${path}' was not found`);
    return { kind: 'json', value: operationView(place, operation) };
  }

  return [
    method(
      {
        id: 'compute.regionOperations.get',
        http: 'GET',
        path: `${ROOT}/regions/{region}/operations/{operation}`,
        parameters: v.strictObject({ project: text, region: text, operation: text, ...FIELDS }),
      },
      ({ region, operation }, caller) =>
        find({ kind: 'region', name: region }, operation, caller, 'compute.regionOperations.get'),
    ),
    method(
      {
        id: 'compute.zoneOperations.get',
        http: 'GET',
        path: `${ROOT}/zones/{zone}/operations/{operation}`,
        parameters: v.strictObject({ project: text, zone: text, operation: text, ...FIELDS }),
      },
      ({ zone, operation }, caller) =>
        find({ kind: 'zone', name: zone }, operation, caller, 'compute.zoneOperations.get'),
    ),
  ];
}

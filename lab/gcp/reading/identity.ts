import * as v from 'valibot';
import { ofType } from '../../pulumi/reading.ts';
import type { RecordedResource } from '../../pulumi/resource.ts';
import { readCondition } from '../iam/condition-parser.ts';
import { isPredefined } from '../iam/roles.ts';
import type { Binding, CustomRole, ServiceAccount } from '../model.ts';
import { INERT } from './inert.ts';

const accountSchema = v.object({ email: v.string(), uniqueId: v.string() });
const roleSchema = v.strictObject({
  ...INERT,
  name: v.string(),
  roleId: v.string(),
  title: v.string(),
  permissions: v.array(v.string()),
  stage: v.optional(v.string()),
  deleted: v.literal(false),
});
const granted = {
  ...INERT,
  role: v.string(),
  member: v.string(),
  condition: v.optional(
    v.strictObject({ title: v.string(), expression: v.string(), description: v.optional(v.string()) }),
  ),
};

export function readServiceAccounts(resources: readonly RecordedResource[]): ServiceAccount[] {
  return ofType(resources, ['gcp:serviceaccount/account:Account'], accountSchema).map(({ is }) => is);
}

export function readRoles(resources: readonly RecordedResource[]): CustomRole[] {
  return ofType(resources, ['gcp:projects/iAMCustomRole:IAMCustomRole'], roleSchema).map(
    ({ is: { name, permissions } }) => ({ name, permissions }),
  );
}

export function readBindings(resources: readonly RecordedResource[]): Binding[] {
  const custom = readRoles(resources);

  function bindingOf(
    name: string,
    is: v.InferOutput<v.StrictObjectSchema<typeof granted, undefined>>,
    on: string,
  ): Binding {
    if (!isPredefined(is.role) && !custom.some((role) => role.name === is.role)) {
      throw new Error(`"${name}" gives a role that the twin Google Cloud does not know: ${is.role}`);
    }
    const { role, member, condition } = is;
    return {
      on,
      role,
      member,
      ...(condition === undefined ? {} : { condition: readCondition(condition.expression, `"${name}"`) }),
    };
  }

  const ofProject = ofType(resources, ['gcp:projects/iAMMember:IAMMember'], v.strictObject(granted));
  const ofBucket = ofType(
    resources,
    ['gcp:storage/bucketIAMMember:BucketIAMMember'],
    v.strictObject({ ...granted, bucket: v.string() }),
  );
  const ofSecret = ofType(
    resources,
    ['gcp:secretmanager/secretIamMember:SecretIamMember'],
    v.strictObject({ ...granted, secretId: v.string() }),
  );
  const ofService = ofType(
    resources,
    ['gcp:cloudrunv2/serviceIamMember:ServiceIamMember'],
    v.strictObject({ ...granted, name: v.string(), location: v.optional(v.string()) }),
  );
  return [
    ...ofProject.map(({ name, is }) => bindingOf(name, is, 'project')),
    ...ofBucket.map(({ name, is: { bucket, ...is } }) => bindingOf(name, is, `buckets/${bucket}`)),
    ...ofSecret.map(({ name, is: { secretId, ...is } }) =>
      bindingOf(name, is, `secrets/${lastOf(secretId)}`),
    ),
    ...ofService.map(({ name, is: { name: service, location: _where, ...is } }) =>
      bindingOf(name, is, `services/${lastOf(service)}`),
    ),
  ];
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

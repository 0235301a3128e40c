import * as v from 'valibot';
import { ofType } from '../../pulumi/reading.ts';
import type { RecordedResource } from '../../pulumi/resource.ts';
import { sameId } from '../ids.ts';
import type { Identity, RoleAssignment, RoleDefinition } from '../model.ts';
import { permissionsOf } from '../roles/access.ts';

const identitySchema = v.object({ principalId: v.string(), clientId: v.string() });
const strings = v.optional(v.array(v.string()), []);
const roleSchema = v.object({
  permissions: v.array(
    v.strictObject({ actions: strings, notActions: strings, dataActions: strings, notDataActions: strings }),
  ),
  assignableScopes: v.array(v.string()),
});
const assignmentSchema = v.object({
  scope: v.string(),
  principalId: v.string(),
  roleDefinitionId: v.string(),
  principalType: v.literal('ServicePrincipal', 'Azure would look for who has just been made'),
  condition: v.optional(v.undefined('the twin knows no conditions of assignments')),
});
/** As a resource says whose identity it has. */
export const hasIdentity = v.strictObject({
  type: v.literal('UserAssigned'),
  userAssignedIdentities: v.pipe(v.array(v.string()), v.minLength(1)),
});

export function readRoles(resources: readonly RecordedResource[]): RoleDefinition[] {
  return ofType(resources, ['azure-native:authorization:RoleDefinition'], roleSchema).map(({ id, is }) => ({
    id,
    permissions: is.permissions,
  }));
}

export function readAssignments(resources: readonly RecordedResource[]): RoleAssignment[] {
  const roles = readRoles(resources);
  return ofType(resources, ['azure-native:authorization:RoleAssignment'], assignmentSchema).map(
    ({ name, id, is: { scope, principalId, roleDefinitionId } }) => {
      if (permissionsOf(roleDefinitionId, roles) === undefined) {
        throw new Error(`"${name}" gives a role that the twin Azure does not know: ${roleDefinitionId}`);
      }
      return { id, scope, principalId, roleDefinitionId };
    },
  );
}

/** Whose identities those are. */
export function identitiesOf(
  resources: readonly RecordedResource[],
  { userAssignedIdentities }: v.InferOutput<typeof hasIdentity>,
): Identity[] {
  const all = ofType(resources, ['azure-native:managedidentity:UserAssignedIdentity'], identitySchema);
  return userAssignedIdentities.map((wanted) => {
    const found = all.find(({ id }) => sameId(id, wanted));
    if (found === undefined) throw new Error(`there is no identity ${wanted} in the twin Azure`);
    return { id: found.id, ...found.is };
  });
}

import * as v from 'valibot';
import { isWithin } from '../ids.ts';
import type { Roles } from './access.ts';

const strings = v.array(v.string());

/** As `az role definition create` takes it. */
const writtenRole = v.strictObject({
  Name: v.pipe(v.string(), v.minLength(1), v.maxLength(512)),
  IsCustom: v.literal(true),
  Description: v.pipe(v.string(), v.maxLength(1024)),
  Actions: strings,
  NotActions: strings,
  DataActions: strings,
  NotDataActions: strings,
  AssignableScopes: v.pipe(
    strings,
    v.minLength(1),
    v.everyItem(
      (scope) => /^\/subscriptions\/[^/]+(\/resourceGroups\/[^/]+)?$/i.test(scope),
      'must be a subscription or a resource group',
    ),
  ),
});

/** What a person has who was given a role, as it is written, at these scopes. Throws where Azure would refuse that. */
export function rolesOfPerson(principalId: string, written: string, scopes: readonly string[]): Roles {
  const role = v.parse(v.pipe(v.string(), v.parseJson(), writtenRole), written);
  const id = `/providers/Microsoft.Authorization/roleDefinitions/${principalId}`;
  const far = scopes.find((scope) => !role.AssignableScopes.some((each) => isWithin(each, scope)));
  if (far !== undefined) throw new Error(`the role ${role.Name} cannot be assigned at ${far}`);
  return {
    roles: [
      {
        id,
        permissions: [
          {
            actions: role.Actions,
            notActions: role.NotActions,
            dataActions: role.DataActions,
            notDataActions: role.NotDataActions,
          },
        ],
      },
    ],
    assignments: scopes.map((scope) => ({
      id: `${scope}/providers/Microsoft.Authorization/roleAssignments/${principalId}`,
      scope,
      principalId,
      roleDefinitionId: id,
    })),
  };
}

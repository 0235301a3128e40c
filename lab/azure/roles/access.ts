import { isWithin, lastOf, sameId } from '../ids.ts';
import type { Permission, RoleAssignment, RoleDefinition } from '../model.ts';
import { builtIn } from './built-in.ts';

export interface AccessRequest {
  principalId: string;
  /** `Microsoft.Compute/virtualMachineScaleSets/read` */
  action: string;
  /** Whether it is about what lies in a resource, and not about the resource. */
  isData: boolean;
  /** The id of the thing. */
  scope: string;
}

export type Verdict = { allowed: true } | { allowed: false; why: string };

export interface Roles {
  roles: readonly RoleDefinition[];
  assignments: readonly RoleAssignment[];
}

/** Allowed where any assignment at the thing or above it gives it: roles add up, and what one leaves out another may give. */
export function evaluate({ principalId, action, isData, scope }: AccessRequest, granted: Roles): Verdict {
  const own = granted.assignments.filter((each) => each.principalId === principalId);
  if (own.length === 0) return { allowed: false, why: 'it has no role at all' };
  const giving = own.filter((each) =>
    permissionsOf(each.roleDefinitionId, granted.roles)?.some((permission) =>
      gives(permission, action, isData),
    ),
  );
  if (giving.some((each) => isWithin(each.scope, scope))) return { allowed: true };
  if (giving.length === 0) return { allowed: false, why: 'none of its roles gives it' };
  return { allowed: false, why: `given only at ${giving.map((each) => each.scope).join(', ')}` };
}

export function permissionsOf(
  roleDefinitionId: string,
  custom: readonly RoleDefinition[],
): readonly Permission[] | undefined {
  // A definition's id may be written below any scope; its GUID is what counts.
  const guid = lastOf(roleDefinitionId);
  return custom.find(({ id }) => sameId(lastOf(id), guid))?.permissions ?? builtIn(guid);
}

function gives(
  { actions, notActions, dataActions, notDataActions }: Permission,
  action: string,
  isData: boolean,
) {
  const [given, left] = isData ? [dataActions, notDataActions] : [actions, notActions];
  return given.some((pattern) => covers(pattern, action)) && !left.some((pattern) => covers(pattern, action));
}

function covers(pattern: string, action: string): boolean {
  const source = pattern
    .split('*')
    .map((part) => part.replace(/[.+?^$()|[\]{}\\/]/g, '\\$&'))
    .join('.*');
  return new RegExp(`^${source}$`, 'i').test(action);
}

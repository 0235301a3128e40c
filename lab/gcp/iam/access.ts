import type { Binding, CustomRole } from '../model.ts';
import { type ConditionContext, holds } from './condition.ts';
import { permissionsOf } from './roles.ts';

/** A thing that a permission is asked for. */
export interface Target {
  /** For people: its name as Google writes it. */
  label: string;
  /** Where policies for it may hang, the project first. */
  within: readonly string[];
  /** As conditions see it: empty where a type has no such attributes. */
  attributes: ConditionContext['resource'];
  /** `api.getAttribute` */
  api?: Readonly<Record<string, string>>;
}

export interface AccessRequest {
  /** `serviceAccount:EMAIL` */
  member: string;
  permission: string;
  target: Target;
}

export type Verdict = { allowed: true } | { allowed: false; why: string };

/** Allowed where any binding on the way from the project to the thing gives it; there is nothing else in Google's IAM. */
export function evaluate(
  { member, permission, target }: AccessRequest,
  { bindings, roles }: { bindings: readonly Binding[]; roles: readonly CustomRole[] },
): Verdict {
  const giving = bindings.filter(
    (binding) =>
      target.within.includes(binding.on) &&
      (binding.member === member ||
        binding.member === 'allUsers' ||
        binding.member === 'allAuthenticatedUsers') &&
      permissionsOf(binding.role, roles)?.includes(permission),
  );
  const context: ConditionContext = { resource: target.attributes, api: target.api ?? {} };
  if (giving.some(({ condition }) => condition === undefined || holds(condition, context)))
    return { allowed: true };
  return {
    allowed: false,
    why:
      giving.length === 0
        ? 'no role gives it'
        : `given only on a condition that does not hold (${giving.map(({ role }) => role).join(', ')})`,
  };
}

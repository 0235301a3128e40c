import * as v from 'valibot';
import { parse } from 'yaml';
import type { Binding, CustomRole } from '../model.ts';
import { readCondition } from './condition-parser.ts';
import { isPredefined } from './roles.ts';

const writtenRights = v.strictObject({
  roles: v.array(
    v.strictObject({
      name: v.pipe(
        v.string(),
        v.regex(/^projects\/[^/]+\/roles\/[a-zA-Z0-9_.]{3,64}$/, 'is no name of a role'),
      ),
      title: v.pipe(v.string(), v.maxLength(100)),
      stage: v.literal('GA'),
      includedPermissions: v.pipe(v.array(v.string()), v.minLength(1)),
    }),
  ),
  policies: v.array(
    v.strictObject({
      resource: v.string(),
      bindings: v.array(
        v.strictObject({
          role: v.string(),
          members: v.tuple([v.literal('MEMBER')]),
          condition: v.optional(
            v.strictObject({ title: v.pipe(v.string(), v.maxLength(100)), expression: v.string() }),
          ),
        }),
      ),
    }),
  ),
});

export interface GivenRights {
  roles: CustomRole[];
  bindings: Binding[];
}

/** What a member has who stands in written rights as `MEMBER`. Throws for what Google, or the twin, would not take. */
export function rightsOfPerson(member: string, written: string): GivenRights {
  const { roles, policies } = v.parse(writtenRights, parse(written));
  const bindings = policies.flatMap(({ resource, bindings: own }) =>
    own.map(({ role, condition }): Binding => {
      if (!isPredefined(role) && !roles.some(({ name }) => name === role))
        throw new Error(`${resource} gives the role ${role}, which there is not`);
      return {
        on: placeOf(resource),
        role,
        member,
        ...(condition === undefined ? {} : { condition: readCondition(condition.expression, resource) }),
      };
    }),
  );
  return {
    roles: roles.map(({ name, includedPermissions }) => ({ name, permissions: includedPermissions })),
    bindings,
  };
}

/** As the twin's bindings name it. */
function placeOf(resource: string): string {
  const [, bucket] = /^gs:\/\/([^/]+)$/.exec(resource) ?? [];
  if (bucket !== undefined) return `buckets/${bucket}`;
  if (/^projects\/[^/]+$/.test(resource)) return 'project';
  throw new Error(`the twin Google Cloud gives nobody rights on ${resource}`);
}

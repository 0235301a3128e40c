import { ApiError } from '../../cloud/api-error.ts';
import type { Refusal } from '../../cloud/events.ts';
import type { RawRequest } from '../../raw-request.ts';
import type { Faults } from '../faults.ts';
import type { AzureModel } from '../model.ts';
import { isFor, type Principal, type Principals } from '../principals.ts';
import { evaluate, type Roles } from '../roles/access.ts';

/** What every service of the twin stands on. */
export interface FrontOptions {
  /** As it is now. */
  model: () => AzureModel;
  /** What people were given beside what is provisioned. */
  people?: (() => Roles) | undefined;
  principals: Principals;
  faults: Faults;
  refuse(refusal: Refusal): void;
  /** Of which identities the roles were not heard of yet, as it takes minutes after an assignment. */
  isUnheard(principalId: string): boolean;
  /** Real time, ms since the epoch. */
  now(): number;
}

/** Who calls. `authorise` throws, and remembers it, where no role allows any of these actions. */
export interface Caller {
  principal: Principal;
  authorise(actions: string | readonly [string, ...string[]], scope: string, kind?: 'control' | 'data'): void;
}

/** Throws where nobody is known to call this service, or whose time is over. */
export function callerOf(
  { headers }: RawRequest,
  audiences: readonly string[],
  options: FrontOptions,
  denied: (principal: Principal, action: string, scope: string) => ApiError,
): Caller {
  const token = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
  const known = token === undefined ? undefined : options.principals.find(token);
  if (known === undefined) {
    throw new ApiError(401, 'AuthenticationFailed', 'The token is missing or of nobody.', {
      malformed: true,
    });
  }
  if (!isFor(known, audiences)) {
    throw new ApiError(401, 'InvalidAuthenticationTokenAudience', `The token is for ${known.audience}.`, {
      malformed: true,
    });
  }
  if (known.expiresAt <= options.now())
    throw new ApiError(401, 'ExpiredAuthenticationToken', 'The token is over.');
  const { principal } = known;
  return {
    principal,
    authorise(actions, scope, kind = 'control') {
      if (principal.isOperator) return;
      const [first, ...others] = typeof actions === 'string' ? ([actions] as const) : actions;
      if (options.isUnheard(principal.id)) throw denied(principal, first, scope);
      const { roles, assignments } = options.model();
      const people = options.people?.() ?? { roles: [], assignments: [] };
      const granted: Roles = {
        roles: [...roles, ...people.roles],
        assignments: [...assignments, ...people.assignments],
      };
      const verdictOf = (action: string) =>
        evaluate({ principalId: principal.id, action, isData: kind === 'data', scope }, granted);
      const verdict = verdictOf(first);
      if (verdict.allowed || others.some((other) => verdictOf(other).allowed)) return;
      options.refuse({ principal: principal.name, action: first, resource: scope, why: verdict.why });
      throw denied(principal, first, scope);
    },
  };
}

/** For faults and messages, before anything is known of the request. */
export function nameOfCaller({ headers }: RawRequest, principals: Principals): Principal | undefined {
  const token = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
  return token === undefined ? undefined : principals.find(token)?.principal;
}

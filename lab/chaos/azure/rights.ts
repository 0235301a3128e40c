import type { Principals } from '../../azure/principals.ts';
import { IDENTITIES } from './model.ts';

/** Of whom the roles were not heard of yet. All others may do everything: whose rights these are is tested elsewhere. */
export interface Rights {
  withhold(whose: keyof typeof IDENTITIES, until: number): void;
  isUnheard(principalId: string): boolean;
  /** Nobody is refused but who is unheard. */
  among(principals: Principals): Principals;
}

export function createRights(now: () => number): Rights {
  const unheardUntil = new Map<string, number>();
  const isUnheard = (principalId: string) => now() < (unheardUntil.get(principalId) ?? 0);

  return {
    isUnheard,
    withhold(whose, until) {
      unheardUntil.set(IDENTITIES[whose].principalId, until);
    },
    among: (principals) => ({
      ...principals,
      find(token) {
        const known = principals.find(token);
        if (known === undefined) return undefined;
        const { principal } = known;
        return { ...known, principal: { ...principal, isOperator: !isUnheard(principal.id) } };
      },
    }),
  };
}

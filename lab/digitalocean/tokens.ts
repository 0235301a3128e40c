import { ORCHESTRATOR_SCOPES, STACK_SCOPES } from '../../stacks/digitalocean/scopes.ts';
import type { TokenHolder, Tokens } from './front/answer.ts';

/** Of the person who deploys, with just what the documents ask for; and of the orchestrator. */
export const OPERATOR_TOKEN = 'dop_v1_operator-of-the-twin';
export const ORCHESTRATOR_TOKEN = 'dop_v1_orchestrator-of-the-twin';

/** The tokens of the account. */
export interface TokenBook extends Tokens {
  set(token: string, name: string, scopes: readonly string[]): void;
  revoke(token: string): void;
}

export function createTokens(): TokenBook {
  const holders = new Map<string, TokenHolder>();
  const book: TokenBook = {
    find: (token) => holders.get(token),
    set(token, name, scopes) {
      holders.set(token, { name, scopes: new Set(scopes) });
    },
    revoke(token) {
      holders.delete(token);
    },
  };
  book.set(OPERATOR_TOKEN, 'operator', [...STACK_SCOPES]);
  book.set(ORCHESTRATOR_TOKEN, 'orchestrator', [...ORCHESTRATOR_SCOPES]);
  return book;
}

import { randomBytes } from 'node:crypto';

/** Who calls: a managed identity at work, or the person whom nothing is forbidden. */
export interface Principal {
  /** The object id, as role assignments name it. */
  id: string;
  clientId: string;
  /** For people. */
  name: string;
  /** May do everything. */
  isOperator: boolean;
  /** Set where the caller is a machine. */
  instance?: string;
}

/** Who works on the subscription: a person who may do everything. */
export const OPERATOR: Principal = {
  id: 'operator',
  clientId: 'operator',
  name: 'operator@example.com',
  isOperator: true,
};

export interface AccessToken {
  token: string;
  /** Real time, ms since the epoch. */
  expiresAt: number;
}

/** What is known of a token. */
export interface Known {
  principal: Principal;
  /** The one service that it is for. */
  audience: string;
  expiresAt: number;
}

/** Gives out tokens as Entra would, and knows whose they are. */
export interface Principals {
  issue(principal: Principal, audience: string, validMs: number): AccessToken;
  find(token: string): Known | undefined;
}

export const AUDIENCES = {
  arm: ['https://management.azure.com', 'https://management.core.windows.net'],
  storage: ['https://storage.azure.com'],
} as const;

export function createPrincipals(now: () => number): Principals {
  const issued = new Map<string, Known>();
  return {
    issue(principal, audience, validMs) {
      const token = `eyJ0.${randomBytes(40).toString('base64url')}`;
      const expiresAt = now() + validMs;
      issued.set(token, { principal, audience: plain(audience), expiresAt });
      return { token, expiresAt };
    },
    find: (token) => issued.get(token),
  };
}

/** Of the two ways to write a resource, with and without a slash at its end, both are meant. */
export function isFor(known: Known, audiences: readonly string[]): boolean {
  return audiences.includes(known.audience);
}

export function isAudience(resource: string): boolean {
  return Object.values(AUDIENCES).some((those) => (those as readonly string[]).includes(plain(resource)));
}

function plain(audience: string): string {
  return audience.replace(/\/+$/, '');
}

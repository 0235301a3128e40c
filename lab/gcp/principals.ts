import { createHmac, randomBytes } from 'node:crypto';

/** Who calls: a service account at work, or the person whom nothing is forbidden. */
export interface Principal {
  /** Of a service account, or of a person. */
  email: string;
  /** A person, and no service account. */
  isPerson?: boolean;
  /** May do everything. */
  isOperator: boolean;
  /** Set where the caller is a machine. */
  instance?: string;
}

/** As bindings name it. */
export function memberOf({ email, isPerson = false }: Principal): string {
  return `${isPerson ? 'user' : 'serviceAccount'}:${email}`;
}

export interface AccessToken {
  token: string;
  expiresAt: number;
}

export interface Identity {
  email: string;
  audience: string;
  instance?: string;
}

/** Gives out tokens as Google would, and knows whose they are. Times are real, ms since the epoch. */
export interface Principals {
  issue(principal: Principal, validMs: number): AccessToken;
  find(token: string): { principal: Principal; expiresAt: number } | undefined;
  /** A signed word that somebody is who they are, made for one audience. */
  identify(identity: Identity): string;
  /** Undefined where it is not of this twin, or over. */
  verify(identityToken: string): Identity | undefined;
}

const IDENTITY_MS = 3_600_000;

export function createPrincipals(now: () => number): Principals {
  const issued = new Map<string, { principal: Principal; expiresAt: number }>();
  const identities = new Map<string, { identity: Identity; expiresAt: number }>();
  const key = randomBytes(32);

  function sign(payload: object): string {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(payload)}`;
    return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
  }

  return {
    issue(principal, validMs) {
      const token = `ya29.${randomBytes(40).toString('base64url')}`;
      const expiresAt = now() + validMs;
      issued.set(token, { principal, expiresAt });
      return { token, expiresAt };
    },
    find: (token) => issued.get(token),
    identify(identity) {
      const expiresAt = now() + IDENTITY_MS;
      const token = sign({
        aud: identity.audience,
        email: identity.email,
        email_verified: true,
        iss: 'https://accounts.google.com',
        iat: Math.floor(now() / 1000),
        exp: Math.floor(expiresAt / 1000),
      });
      identities.set(token, { identity, expiresAt });
      return token;
    },
    verify(identityToken) {
      const known = identities.get(identityToken);
      return known !== undefined && known.expiresAt > now() ? known.identity : undefined;
    },
  };
}

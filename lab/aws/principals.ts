import { randomBytes } from 'node:crypto';
import type { Role } from './model.ts';

/** A role in use: what a caller is known as. */
export interface Principal {
  role: Role;
  /** The instance id, or the function's name. */
  session: string;
  /** Set where the caller is an instance. */
  instance?: string;
}

export interface IssuedCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  /** Real time, ms since the epoch. */
  issuedAt: number;
  expiresAt: number;
  principal: Principal;
}

/** Gives out keys as STS would, and knows whose they are. */
export interface Principals {
  issue(principal: Principal, validMs: number): IssuedCredentials;
  find(accessKeyId: string): IssuedCredentials | undefined;
}

/** `currentRole`: the role as it is now, since its policies may change while keys of it are in use. */
export function createPrincipals(now: () => number, currentRole: (role: Role) => Role): Principals {
  const issued = new Map<string, IssuedCredentials>();
  return {
    issue(principal, validMs) {
      const credentials = {
        accessKeyId: `ASIA${randomBytes(8).toString('hex').toUpperCase()}`,
        secretAccessKey: randomBytes(30).toString('base64'),
        sessionToken: randomBytes(60).toString('base64'),
        issuedAt: now(),
        expiresAt: now() + validMs,
        principal,
      };
      issued.set(credentials.accessKeyId, credentials);
      return credentials;
    },
    find(accessKeyId) {
      const credentials = issued.get(accessKeyId);
      if (credentials === undefined) return undefined;
      const { principal } = credentials;
      return { ...credentials, principal: { ...principal, role: currentRole(principal.role) } };
    },
  };
}

/** What every policy may ask of any caller. */
export function callerContext({ role, session }: Principal, region: string): Record<string, string> {
  const account = role.arn.split(':')[4] ?? '';
  return {
    'aws:userid': `${role.uniqueId}:${session}`,
    'aws:PrincipalArn': role.arn,
    'aws:PrincipalAccount': account,
    'aws:PrincipalType': 'AssumedRole',
    'aws:ResourceAccount': account,
    'aws:RequestedRegion': region,
    // The twin speaks plain HTTP on this machine; what it stands for is reached by TLS.
    'aws:SecureTransport': 'true',
  };
}

import type { HttpReply } from '../../cloud/http-front.ts';
import { sameId } from '../ids.ts';
import type { Identity } from '../model.ts';
import { isAudience, type Principal, type Principals } from '../principals.ts';

export interface TokenOptions {
  principals: Principals;
  /** How long a token is valid, in real ms. */
  tokensMs: number;
  now(): number;
}

/** A token of one of somebody's managed identities, as the metadata service and the one of a job answer. */
export function answerToken(
  query: URLSearchParams,
  identities: readonly Identity[],
  principalOf: (identity: Identity) => Principal,
  { principals, tokensMs, now }: TokenOptions,
): HttpReply {
  const resource = query.get('resource') ?? '';
  if (!isAudience(resource)) return refused('invalid_resource', `AADSTS500011: ${resource} was not found`);
  const identity = chosen(query, identities);
  if (identity === 'which') {
    const message =
      'Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request';
    return refused('invalid_request', message);
  }
  if (identity === undefined) return refused('invalid_request', 'Identity not found');
  const { token, expiresAt } = principals.issue(principalOf(identity), resource, tokensMs);
  const seconds = (ms: number) => String(Math.floor(ms / 1000));
  return json(200, {
    access_token: token,
    client_id: identity.clientId,
    expires_in: seconds(expiresAt - now()),
    expires_on: seconds(expiresAt),
    ext_expires_in: seconds(expiresAt - now()),
    not_before: seconds(now()),
    resource,
    token_type: 'Bearer',
  });
}

/** As it is named; else its system-assigned one, else the only one. `which`: it has several, and none is named. */
function chosen(query: URLSearchParams, identities: readonly Identity[]): Identity | 'which' | undefined {
  const client = query.get('client_id');
  const object = query.get('object_id') ?? query.get('principal_id');
  const id = query.get('msi_res_id') ?? query.get('mi_res_id');
  if (client !== null) return identities.find(({ clientId }) => clientId === client);
  if (object !== null) return identities.find(({ principalId }) => principalId === object);
  if (id !== null) return identities.find((each) => each.id !== undefined && sameId(each.id, id));
  const own = identities.find((each) => each.id === undefined);
  return own ?? (identities.length > 1 ? 'which' : identities[0]);
}

export function json(status: number, value: unknown): HttpReply {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', server: 'IMDS/150.870.65.1854' },
    body: JSON.stringify(value),
  };
}

export function refused(error: string, description: string, status = 400): HttpReply {
  return json(status, { error, error_description: description });
}

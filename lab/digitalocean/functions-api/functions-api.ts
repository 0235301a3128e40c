import { timingSafeEqual } from 'node:crypto';
import { ApiError } from '../../cloud/api-error.ts';
import type { RawRequest } from '../../raw-request.ts';
import { type Answer, admitToken, createFront, type FrontOptions, renderApi } from '../front/answer.ts';
import { json } from '../front/method.ts';
import type { FunctionsModel, Namespace } from './model.ts';
import { NAMESPACE_METHODS } from './namespaces.ts';
import { WHISK_METHODS } from './whisk.ts';

/** `functions`: DigitalOcean's API. `whisk`: a namespace's own host. An action is an operation's id. */
export type FunctionsService = 'functions' | 'whisk';

export interface FunctionsApiOptions extends FrontOptions<FunctionsService> {
  model: FunctionsModel;
  /** Where a namespace's actions are. */
  apiHost(namespace: Namespace): string;
  now(): number;
}

export interface FunctionsApi {
  /** `/v2/functions/…` of api.digitalocean.com */
  answerApi: Answer;
  /** `/api/v1/…` of a namespace's host */
  answerHost: Answer;
}

/** Functions of one account. */
export function createFunctionsApi(options: FunctionsApiOptions): FunctionsApi {
  const { model, tokens, apiHost, now } = options;
  return {
    answerApi: createFront(options, {
      service: 'functions',
      methods: NAMESPACE_METHODS,
      render: renderApi,
      admit(request, method) {
        admitToken(request, method.scopes ?? [], tokens);
        return { model, apiHost, now };
      },
    }),
    answerHost: createFront(options, {
      service: 'whisk',
      methods: WHISK_METHODS,
      render: ({ status, message }) => json(status, { error: message, code: 'twin' }),
      admit: (request, _method, path) => ({ namespace: namespaceOf(request, path.namespace ?? '', model) }),
    }),
  };
}

/** Who has a namespace's key may do everything in it, and nothing in another. */
function namespaceOf({ headers }: RawRequest, asked: string, { namespaces }: FunctionsModel): Namespace {
  const basic = /^Basic (.+)$/.exec(headers.authorization ?? '')?.[1] ?? '';
  const [uuid, key = ''] = Buffer.from(basic, 'base64').toString().split(':');
  const own = [...namespaces.values()].find((each) => each.uuid === uuid);
  if (own === undefined || !same(own.key, key))
    throw new ApiError(401, 'unauthorized', 'The supplied authentication is invalid.');
  if (asked !== '_' && asked !== own.id)
    throw new ApiError(
      403,
      'forbidden',
      `The supplied authentication is not authorized to access '${asked}'.`,
    );
  return own;
}

function same(one: string, other: string): boolean {
  const [first, second] = [Buffer.from(one), Buffer.from(other)];
  return first.length === second.length && timingSafeEqual(first, second);
}

import { ApiError } from '../../cloud/api-error.ts';
import type { HttpReply } from '../../cloud/http-front.ts';
import { ACCOUNT_METHODS } from './account-methods.ts';
import { type Answer, admitToken, createFront, type FrontOptions, renderApi } from './answer.ts';
import { DROPLET_METHODS } from './droplet-methods.ts';
import type { Method } from './method.ts';
import type { Allowance, createRates } from './rates.ts';
import type { AccountState, ApiSeen } from './seen.ts';
import { TAG_METHODS } from './tag-methods.ts';

export const API_METHODS: readonly Method<ApiSeen>[] = [
  ...ACCOUNT_METHODS,
  ...DROPLET_METHODS,
  ...TAG_METHODS,
];

export interface ApiOptions extends FrontOptions<'api'>, AccountState {
  endpoint: string;
  rates: ReturnType<typeof createRates>;
  /** `/v2/functions/…` */
  functions: Answer;
}

/** `api.digitalocean.com`: every answer tells how much of its allowance a token has left. */
export function createApi(options: ApiOptions): Answer {
  const { endpoint, tokens, rates, functions } = options;
  const { model, droplets, tags, dropletLimit } = options;
  const own = createFront<'api', ApiSeen>(options, {
    service: 'api',
    methods: API_METHODS,
    render: renderApi,
    admit: (request, { scopes = [] }) => ({
      model,
      droplets,
      tags,
      dropletLimit,
      holder: admitToken(request, scopes, tokens),
      address: `${endpoint}${request.target}`,
    }),
  });

  return (request) => {
    const allowance = rates.take(request.headers.authorization ?? '');
    if (allowance.waitS !== undefined) {
      const refused = renderApi(new ApiError(429, 'too_many_requests', 'API rate limit exceeded.'));
      return limited(refused, allowance, { 'retry-after': String(allowance.waitS) });
    }
    const answer = request.target.startsWith('/v2/functions/') ? functions : own;
    const reply = answer(request);
    return reply && limited(reply, allowance);
  };
}

function limited(
  reply: HttpReply,
  { limit, remaining, resetInMs }: Allowance,
  more: Record<string, string> = {},
): HttpReply {
  const headers = {
    'ratelimit-limit': String(limit),
    'ratelimit-remaining': String(remaining),
    'ratelimit-reset': String(Math.ceil((Date.now() + resetInMs) / 1000)),
  };
  return { ...reply, headers: { ...reply.headers, ...headers, ...more } };
}

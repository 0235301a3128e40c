import { createFaults, type FaultPort } from '../../lab/cloud/faults.ts';
import { type HttpReply, serve } from '../../lab/cloud/http-front.ts';
import {
  createFunctionsApi,
  type FunctionsService,
} from '../../lab/digitalocean/functions-api/functions-api.ts';
import type {
  Action,
  FunctionsModel,
  Namespace,
  Trigger,
} from '../../lab/digitalocean/functions-api/model.ts';
import type { RawRequest } from '../../lab/raw-request.ts';

const TOKEN = 'dop_v1_twin';
const ALL_SCOPES = ['create', 'read', 'update', 'delete', 'admin'].map((right) => `function:${right}`);

/** DigitalOcean Functions on this machine, as its account's owner meets it. */
export interface FunctionsTwin {
  model: FunctionsModel;
  faults: FaultPort<FunctionsService>;
  /** Of the one token. */
  scopes: Set<string>;
  /** What the twin would not take of our code; must stay empty. */
  refusals: string[];
  /** What was asked, in order, as `updateAction` or `functions_create_trigger`… and what was answered. */
  exchanges: { request: RawRequest; reply: HttpReply }[];
  environment: { DIGITALOCEAN_API_URL: string; DIGITALOCEAN_TOKEN: string };
  /** Methods and paths of all that changed something, since it was last asked. */
  changes(): string[];
  only(): { namespace: Namespace; action: Action; trigger: Trigger };
  close(): Promise<void>;
}

export async function startFunctionsTwin(): Promise<FunctionsTwin> {
  const model: FunctionsModel = { namespaces: new Map() };
  const faults = createFaults<FunctionsService>();
  const scopes = new Set(ALL_SCOPES);
  const refusals: string[] = [];
  const exchanges: FunctionsTwin['exchanges'] = [];
  const changed: string[] = [];
  let url = '';
  const api = createFunctionsApi({
    model,
    tokens: { find: (token) => (token === TOKEN ? { name: 'operator', scopes } : undefined) },
    apiHost: () => url,
    faults,
    refuse: ({ action, resource, why }) => refusals.push(`${action} ${resource}: ${why}`),
    now: Date.now,
    onExchange: (request, reply) => exchanges.push({ request, reply }),
  });
  const listener = await serve(
    (request) => {
      if (request.method !== 'GET') changed.push(`${request.method} ${request.target}`);
      return request.target.startsWith('/v2/') ? api.answerApi(request) : api.answerHost(request);
    },
    (problem) => refusals.push(problem),
  );
  url = listener.url;
  return {
    model,
    faults,
    scopes,
    refusals,
    exchanges,
    environment: { DIGITALOCEAN_API_URL: url, DIGITALOCEAN_TOKEN: TOKEN },
    changes: () => changed.splice(0).map((each) => each.replace(/fn-[0-9a-f-]{36}/, 'NAMESPACE')),
    only() {
      const [namespace] = model.namespaces.values();
      const [action] = namespace?.actions.values() ?? [];
      const [trigger] = namespace?.triggers.values() ?? [];
      if (!namespace || !action || !trigger) throw new Error('there is no namespace, action and trigger');
      return { namespace, action, trigger };
    },
    close: listener.close,
  };
}

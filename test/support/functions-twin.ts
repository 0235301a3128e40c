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
  /** What was asked, in order, and what was answered. */
  exchanges: { request: RawRequest; reply: HttpReply }[];
  /** Methods and paths of requests that are done, and then not answered: each once. */
  lostAnswers: string[];
  /** The host that namespaces tell, where it is not the twin's own. */
  hostTold: string | undefined;
  /** Something on the way says 404 for whatever is asked, or for whatever namespaces' own host is. */
  isAstray: boolean | 'host';
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
  const astray: HttpReply = { status: 404, headers: {}, body: '<html>Not Found</html>' };
  const api = createFunctionsApi({
    model,
    tokens: { find: (token) => (token === TOKEN ? { name: 'operator', scopes } : undefined) },
    apiHost: () => twin.hostTold ?? url,
    faults,
    refuse: ({ action, resource, why }) => refusals.push(`${action} ${resource}: ${why}`),
    now: Date.now,
    onExchange: (request, reply) => exchanges.push({ request, reply }),
  });
  const listener = await serve(
    (request) => {
      if (twin.isAstray === true) return astray;
      if (twin.isAstray === 'host' && !request.target.startsWith('/v2/')) return astray;
      if (request.method !== 'GET') changed.push(`${request.method} ${request.target}`);
      const reply = request.target.startsWith('/v2/') ? api.answerApi(request) : api.answerHost(request);
      const lost = twin.lostAnswers.indexOf(`${request.method} ${request.target}`);
      if (lost < 0) return reply;
      twin.lostAnswers.splice(lost, 1);
      return { status: 502, headers: {}, body: '<html>Bad Gateway</html>' };
    },
    (problem) => refusals.push(problem),
  );
  url = listener.url;
  const twin: FunctionsTwin = {
    model,
    faults,
    scopes,
    refusals,
    exchanges,
    lostAnswers: [],
    hostTold: undefined,
    isAstray: false,
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
  return twin;
}

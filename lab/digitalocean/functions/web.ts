import { setTimeout as sleep } from 'node:timers/promises';
import type { Refusal } from '../../cloud/events.ts';
import type { HttpReply } from '../../cloud/http-front.ts';
import type { RawRequest } from '../../raw-request.ts';
import { json } from '../front/method.ts';
import type { Action, FunctionsModel } from '../functions-api/model.ts';
import type { Activation, Activations } from './activations.ts';

export const WEB = '/api/v1/web/';

export interface WebOptions {
  model: FunctionsModel;
  activations: Pick<Activations, 'invoke'>;
  /** How long whoever calls is let wait, in real ms. */
  asyncAfterMs: number;
  refuse(refusal: Refusal): void;
}

/** What web functions answer to whoever asks, who needs to know no more than their secret. */
export function createWeb(options: WebOptions): (request: RawRequest) => Promise<HttpReply> {
  const { model, activations, asyncAfterMs, refuse } = options;
  return async ({ method, target, headers, body }) => {
    const url = new URL(target, 'http://twin');
    const [id = '', ...name] = url.pathname.slice(WEB.length).split('/').map(decodeURIComponent);
    const namespace = model.namespaces.get(id);
    const action = namespace?.actions.get(name.join('/'));
    if (namespace === undefined || action === undefined || annotation(action, 'web-export') !== true)
      return json(404, { error: 'The requested resource does not exist.', code: 'twin' });
    const secret = annotation(action, 'require-whisk-auth');
    if (secret !== undefined && secret !== false && headers['x-require-whisk-auth'] !== String(secret)) {
      const why = 'it does not know the secret';
      refuse({ principal: 'anonymous', action: 'wake', resource: url.pathname, why });
      return json(401, { error: 'Authentication is possible but has failed or not yet been provided.' });
    }
    const said = { ...Object.fromEntries(url.searchParams), ...parsed(body) };
    if (overrides(action, said))
      return json(400, {
        error: 'Request defines parameters that are not allowed (e.g., reserved properties).',
        code: 'twin',
      });
    const http = { method, path: '', headers, body: body.toString('utf8'), queryString: url.search.slice(1) };
    const run = activations.invoke(namespace, action, { ...said, http }, 'web');
    const waited = new AbortController();
    const late = sleep(asyncAfterMs, undefined, { signal: waited.signal }).catch(() => undefined);
    const ended = await Promise.race([run, late]);
    waited.abort();
    // It goes on without whoever has called it.
    return ended === undefined ? json(202, { activationId: 'twin' }) : replyOf(ended);
  };
}

function annotation({ annotations }: Action, name: string): unknown {
  return annotations.find(({ key }) => key === name)?.value;
}

/** Of a final action, nobody brings another value for what it has one of. */
function overrides(action: Action, said: Record<string, unknown>): boolean {
  const own = annotation(action, 'final') === true ? action.parameters.map(({ key }) => key) : [];
  return Object.keys(said).some((key) => key.startsWith('__ow_') || own.includes(key));
}

function parsed(body: Buffer): Record<string, unknown> {
  try {
    return { ...Object(JSON.parse(body.toString('utf8'))) };
  } catch {
    return {};
  }
}

function replyOf(ended: Activation): HttpReply {
  if (ended.kind === 'throttled') return json(429, { error: ended.problem, code: 'twin' });
  if (ended.kind === 'failed') return json(502, { error: 'There was an error processing your request.' });
  const { statusCode, body } = Object(ended.answer);
  return json(typeof statusCode === 'number' ? statusCode : 200, body ?? {});
}

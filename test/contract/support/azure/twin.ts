import { type HttpResponse, sendHttp } from '../../../../fleet/http.ts';
import type { AzureTwin } from '../../../../lab/azure/azure-twin.ts';
import type { AzureModel } from '../../../../lab/azure/model.ts';
import { createTwin, type TwinOptions } from '../../../../lab/azure/twin.ts';
import type { TwinEvent } from '../../../../lab/cloud/events.ts';
import { ofKind, type QuietMachine, quietRun, started } from '../quiet-run.ts';
import { NODE, RUNBOOK_IDENTITY } from './model.ts';

export type Who = 'node' | 'runbook' | 'operator';

export interface Answered {
  status: number;
  headers: HttpResponse['headers'];
  text: string;
  json: unknown;
}

interface AskOptions {
  headers?: Record<string, string>;
  body?: unknown;
}

export interface TestTwin {
  twin: AzureTwin;
  events: TwinEvent[];
  /** The latest of each name. */
  machines: Map<string, QuietMachine>;
  /** To the resource manager; the version is added. */
  arm(
    who: Who,
    method: 'GET' | 'PUT' | 'PATCH' | 'POST' | 'DELETE',
    path: string,
    options?: AskOptions,
  ): Promise<Answered>;
  /** To the blob service: `CONTAINER/BLOB?query`. */
  blob(who: Who, method: 'GET' | 'PUT' | 'DELETE', path: string, options?: AskOptions): Promise<Answered>;
  /** To the metadata service of a machine: what follows `/metadata/`. */
  imds(instance: string, path: string, options?: AskOptions & { method?: 'GET' | 'POST' }): Promise<Answered>;
  happened<Kind extends TwinEvent['kind']>(kind: Kind): Extract<TwinEvent, { kind: Kind }>[];
}

export interface TestTwinOptions
  extends Partial<
    Pick<
      TwinOptions,
      'mode' | 'factor' | 'tokensMs' | 'pageSize' | 'answerMs' | 'onExchange' | 'wallClock' | 'intervene'
    >
  > {
  cpu?: (instance: string) => number;
}

export async function startTwin(
  model: AzureModel,
  { cpu, ...options }: TestTwinOptions = {},
): Promise<TestTwin> {
  const { run, events, machines } = quietRun(cpu);
  const twin = createTwin({ model, ...run, ...options });
  await started(twin);
  const ids = { node: NODE.principalId, runbook: RUNBOOK_IDENTITY.principalId };

  function token(who: Who, audience: string): string {
    return who === 'operator' ? twin.operatorToken(audience) : twin.tokenOf(ids[who], audience);
  }

  return {
    twin,
    events,
    machines,
    arm(who, method, path, { headers = {}, body } = {}) {
      const version = path.includes('/Microsoft.Automation/') ? '2023-11-01' : '2024-03-01';
      const url = path.startsWith('http')
        ? path
        : `${twin.endpoint}${path}${path.includes('?') ? '&' : '?'}api-version=${version}`;
      const authorization = `Bearer ${token(who, 'https://management.azure.com/')}`;
      return ask(method, url, { authorization, 'content-type': 'application/json', ...headers }, body);
    },
    blob(who, method, path, { headers = {}, body } = {}) {
      const [account] = model.accounts;
      const authorization = `Bearer ${token(who, 'https://storage.azure.com/')}`;
      const all = {
        authorization,
        'x-ms-version': '2023-11-03',
        ...(method === 'PUT' && !path.includes('comp=') ? { 'x-ms-blob-type': 'BlockBlob' } : {}),
        ...headers,
      };
      return ask(method, `${twin.endpoint}/blob/${account?.name}/${path}`, all, body);
    },
    imds(instance, path, { method = 'GET', headers = { metadata: 'true' }, body } = {}) {
      const base = machines.get(instance)?.spec.environment.AZURE_POD_IDENTITY_AUTHORITY_HOST;
      return ask(method, `${base}/metadata/${path}`, headers, body);
    },
    happened: (kind) => ofKind(events, kind),
  };
}

async function ask(
  method: 'GET' | 'PUT' | 'PATCH' | 'POST' | 'DELETE',
  url: string,
  headers: Record<string, string>,
  body?: unknown,
): Promise<Answered> {
  const answer = await sendHttp({
    method,
    url,
    headers,
    timeoutMs: 5_000,
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = answer.body.toString();
  return { status: answer.status, headers: answer.headers, text, json: jsonOr(text) };
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

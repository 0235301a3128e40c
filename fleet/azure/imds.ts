import { describeError } from '../error.ts';
import { type SendHttp, sendHttp } from '../http.ts';
import { metadataEndpoint } from './endpoints.ts';

/** What the instance metadata service said. Only `absent` (404) says that there is none; everything else is unknown. */
export type ImdsReading =
  | { kind: 'found'; text: string; date: number }
  | { kind: 'absent' }
  | { kind: 'unknown'; reason: string };

/** Azure's instance metadata service. No member rejects. */
export interface Imds {
  /** Reads a path under `/metadata/`. `date`: the service's own clock, in ms since the epoch (NaN where it told none). */
  read(path: string, query: Readonly<Record<string, string>>): Promise<ImdsReading>;
  /** Sends JSON to a path; `found` is its consent. */
  post(path: string, query: Readonly<Record<string, string>>, body: object): Promise<ImdsReading>;
}

export interface ImdsOptions {
  environment: Readonly<Record<string, string | undefined>>;
  timeoutMs: number;
  send?: SendHttp;
}

export function createImds({ environment, timeoutMs, send = sendHttp }: ImdsOptions): Imds {
  const base = metadataEndpoint(environment);

  async function ask(
    method: 'GET' | 'POST',
    path: string,
    query: Readonly<Record<string, string>>,
    body?: object,
  ): Promise<ImdsReading> {
    const unknown = (why: string): ImdsReading => ({ kind: 'unknown', reason: `${path}: ${why}` });
    try {
      const answer = await send({
        method,
        url: `${base}/metadata/${path}?${new URLSearchParams(query)}`,
        headers: { metadata: 'true', ...(body && { 'content-type': 'application/json' }) },
        ...(body && { body: JSON.stringify(body) }),
        timeoutMs,
      });
      if (answer.status === 404) return { kind: 'absent' };
      const text = answer.body.toString();
      if (answer.status !== 200) return unknown(`HTTP ${answer.status}${text && `: ${text.slice(0, 200)}`}`);
      return { kind: 'found', text, date: Date.parse(answer.headers.date ?? '') };
    } catch (cause) {
      return unknown(describeError(cause));
    }
  }

  return {
    read: (path, query) => ask('GET', path, query),
    post: (path, query, body) => ask('POST', path, query, body),
  };
}

import { describeError } from '../../../fleet/error.ts';
import { type HttpResponse, type SendHttp, sendHttp } from '../../../fleet/http.ts';

/** What the metadata service said. Only `absent` (404) says that there is none; everything else is unknown. */
export type MetadataReading =
  | { kind: 'found'; text: string }
  | { kind: 'absent' }
  | { kind: 'unknown'; reason: string };

/** The instance metadata service, version 2. */
export interface Metadata {
  /** Reads a path under `/latest/meta-data/`. Never rejects. */
  read(path: string, signal?: AbortSignal): Promise<MetadataReading>;
}

export interface MetadataOptions {
  environment: Readonly<Record<string, string | undefined>>;
  /** How long one request may take. */
  timeoutMs: number;
  send?: SendHttp;
  now?: () => number;
}

const ADDRESS = 'http://169.254.169.254';
const TOKEN_LIFE_S = 21_600;
/** A token is renewed this long before its end, so that no read is sent with one that dies on the way. */
const RENEW_BEFORE_MS = 60_000;

export function createMetadata(options: MetadataOptions): Metadata {
  const { environment, timeoutMs, send = sendHttp, now = Date.now } = options;
  const base = (environment.AWS_EC2_METADATA_SERVICE_ENDPOINT || ADDRESS).replace(/\/+$/, '');
  let token: { text: string; renewAt: number } | undefined;
  let renewal: Promise<string> | undefined;

  /** One renewal at a time, however many reads wait for it. */
  async function validToken(): Promise<string> {
    if (token !== undefined && now() < token.renewAt) return token.text;
    renewal ??= renew().finally(() => {
      renewal = undefined;
    });
    return renewal;
  }

  async function renew(): Promise<string> {
    const askedAt = now();
    const response = await send({
      method: 'PUT',
      url: `${base}/latest/api/token`,
      headers: { 'x-aws-ec2-metadata-token-ttl-seconds': String(TOKEN_LIFE_S) },
      timeoutMs,
    });
    const text = response.body.toString().trim();
    if (response.status !== 200 || text === '')
      throw new Error(`no token from the metadata service: HTTP ${response.status}`);
    const lifeS = Number(response.headers['x-aws-ec2-metadata-token-ttl-seconds']) || TOKEN_LIFE_S;
    token = { text, renewAt: askedAt + lifeS * 1000 - RENEW_BEFORE_MS };
    return text;
  }

  async function get(path: string, signal?: AbortSignal): Promise<HttpResponse> {
    const headers = { 'x-aws-ec2-metadata-token': await validToken() };
    return send({ method: 'GET', url: `${base}/latest/meta-data/${path}`, headers, timeoutMs, signal });
  }

  async function read(path: string, signal?: AbortSignal): Promise<MetadataReading> {
    try {
      let response = await get(path, signal);
      if (response.status === 401) {
        // The service forgot our token (it does when it restarts, and after a suspend).
        token = undefined;
        response = await get(path, signal);
      }
      if (response.status === 404) return { kind: 'absent' };
      if (response.status !== 200) return { kind: 'unknown', reason: `${path}: HTTP ${response.status}` };
      const text = response.body.toString().trim();
      return text === '' ? { kind: 'unknown', reason: `${path}: an empty answer` } : { kind: 'found', text };
    } catch (cause) {
      return { kind: 'unknown', reason: `${path}: ${describeError(cause)}` };
    }
  }

  return { read };
}

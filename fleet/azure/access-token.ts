import * as v from 'valibot';
import { keepToken, type TokenProvider } from '../kept-token.ts';
import type { Imds } from './imds.ts';

/** For whom tokens of the blob store are made, in every cloud of Azure's. */
export const STORAGE_AUDIENCE = 'https://storage.azure.com/';

/** It lasts for a day: there is time for a service that is out for a while. */
const RENEW_BEFORE_MS = 300_000;

const seconds = v.pipe(
  v.union([v.number(), v.pipe(v.string(), v.digits(), v.transform(Number))]),
  v.minValue(0),
);
const tokenSchema = v.object({ access_token: v.pipe(v.string(), v.minLength(1)), expires_in: seconds });

export interface ImdsTokenOptions {
  imds: Imds;
  audience: string;
  /** Of the one identity that is meant. Where the machine has several, and none is named, the service gives no token. */
  clientId?: string | undefined;
  /** The same by its resource id, which is known before it is made. */
  resourceId?: string | undefined;
  now?: (() => number) | undefined;
}

/** The tokens of this machine's managed identity. */
export function tokenFromImds(options: ImdsTokenOptions): TokenProvider {
  const { imds, audience, clientId, resourceId, now = Date.now } = options;

  async function ask() {
    const reading = await imds.read('identity/oauth2/token', {
      'api-version': '2018-02-01',
      resource: audience,
      ...(clientId === undefined ? {} : { client_id: clientId }),
      ...(resourceId === undefined ? {} : { msi_res_id: resourceId }),
    });
    if (reading.kind === 'absent') throw new Error('no access token: this machine has no managed identity');
    if (reading.kind === 'unknown') throw new Error(`no access token: ${reading.reason}`);
    // What it is instead may hold a token: it appears in no error.
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), tokenSchema), reading.text);
    if (!parsed.success) throw new Error('no access token: the metadata service gave something else');
    const { access_token: text, expires_in } = parsed.output;
    return { text, validMs: expires_in * 1000 };
  }

  return keepToken({ ask, renewBeforeMs: RENEW_BEFORE_MS, now });
}

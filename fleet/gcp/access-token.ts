import * as v from 'valibot';
import type { Metadata } from './metadata.ts';

/** Gives a token that is valid now; rejects where there is none. */
export type TokenProvider = () => Promise<string>;

/** A token is renewed this long before its end, so that no request is sent with one that dies on the way. */
const RENEW_BEFORE_MS = 60_000;

const tokenSchema = v.object({
  access_token: v.pipe(v.string(), v.minLength(1)),
  expires_in: v.pipe(v.number(), v.minValue(0)),
});

/** The tokens of the service account that this machine or function has. */
export function tokenFromMetadata(metadata: Metadata, now: () => number = Date.now): TokenProvider {
  let token: { text: string; renewAt: number } | undefined;
  let renewal: Promise<string> | undefined;

  async function renew(): Promise<string> {
    const askedAt = now();
    const reading = await metadata.read('instance/service-accounts/default/token');
    if (reading.kind === 'absent') throw new Error('this machine or function has no service account');
    if (reading.kind === 'unknown') throw new Error(`no access token: ${reading.reason}`);
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), tokenSchema), reading.text);
    if (!parsed.success) throw new Error('no access token: the metadata server gave something else');
    const { access_token, expires_in } = parsed.output;
    token = { text: access_token, renewAt: askedAt + expires_in * 1000 - RENEW_BEFORE_MS };
    return access_token;
  }

  /** One renewal at a time, however many requests wait for it. */
  return async () => {
    if (token !== undefined && now() < token.renewAt) return token.text;
    renewal ??= renew().finally(() => {
      renewal = undefined;
    });
    return renewal;
  };
}

import * as v from 'valibot';
import { keepToken, type TokenProvider } from '../kept-token.ts';
import type { Metadata } from './metadata.ts';

const RENEW_BEFORE_MS = 60_000;

const tokenSchema = v.object({
  access_token: v.pipe(v.string(), v.minLength(1)),
  expires_in: v.pipe(v.number(), v.minValue(0)),
});

/** The tokens of the service account that this machine or function has. */
export function tokenFromMetadata(metadata: Metadata, now: () => number = Date.now): TokenProvider {
  async function ask() {
    const reading = await metadata.read('instance/service-accounts/default/token');
    if (reading.kind === 'absent') throw new Error('this machine or function has no service account');
    if (reading.kind === 'unknown') throw new Error(`no access token: ${reading.reason}`);
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), tokenSchema), reading.text);
    if (!parsed.success) throw new Error('no access token: the metadata server gave something else');
    const { access_token: text, expires_in } = parsed.output;
    return { text, validMs: expires_in * 1000 };
  }

  return keepToken({ ask, renewBeforeMs: RENEW_BEFORE_MS, now });
}

import { describeError } from '../../fleet/error.ts';
import { type SendHttp, sendHttp } from '../../fleet/http.ts';

/** What a media server tells over HTTP, or why it is not known. `nobodyListens`: the connection was refused. */
export type Page = { page: string } | { reason: string; nobodyListens?: true };

/** Anything but a whole answer with 200 is none. */
export async function readPage(url: string, timeoutMs: number, send: SendHttp = sendHttp): Promise<Page> {
  try {
    const { status, body } = await send({ method: 'GET', url, timeoutMs });
    return status === 200 ? { page: body.toString() } : { reason: `${url} answered HTTP ${status}` };
  } catch (cause) {
    const reason = `${url} did not answer: ${describeError(cause)}`;
    return isRefusal(cause) ? { reason, nobodyListens: true } : { reason };
  }
}

/** Of a name with several addresses, every one must have refused. */
function isRefusal(cause: unknown): boolean {
  if (cause instanceof AggregateError) return cause.errors.length > 0 && cause.errors.every(isRefusal);
  if (!(cause instanceof Error)) return false;
  return cause.cause === undefined ? /\bECONNREFUSED\b/.test(cause.message) : isRefusal(cause.cause);
}

import { describeError } from '../../fleet/error.ts';
import { type SendHttp, sendHttp } from '../../fleet/http.ts';

/** What a media server tells over HTTP, or why it is not known. */
export type Page = { page: string } | { reason: string };

/** Anything but a whole answer with 200 is none. */
export async function readPage(url: string, timeoutMs: number, send: SendHttp = sendHttp): Promise<Page> {
  try {
    const { status, body } = await send({ method: 'GET', url, timeoutMs });
    return status === 200 ? { page: body.toString() } : { reason: `${url} answered HTTP ${status}` };
  } catch (cause) {
    return { reason: `${url} did not answer: ${describeError(cause)}` };
  }
}

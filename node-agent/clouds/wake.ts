import { describeError } from '../../fleet/error.ts';
import type { SendHttp } from '../../fleet/http.ts';
import type { Outcome } from '../core/effect.ts';

export interface WakeRequest {
  /** Who is woken, for whoever reads of a failure. */
  whom: string;
  url: string;
  /** Whoever knows the URL may wake: neither it nor what echoes it is told. */
  urlIsSecret: boolean;
  headers?: Record<string, string>;
  timeoutMs: number;
  send: SendHttp;
}

/** Wakes who takes empty machines away, and looks at the world for itself: this machine asks for nothing by name. */
export async function wake(request: WakeRequest): Promise<Outcome> {
  const { url, urlIsSecret, headers, timeoutMs, send } = request;
  const whom = urlIsSecret ? request.whom : `${request.whom} at ${url}`;
  try {
    const { status, body } = await send({
      method: 'POST',
      url,
      headers: { ...headers, 'content-type': 'application/json' },
      body: '{}',
      timeoutMs,
    });
    if (status >= 200 && status < 300) return { kind: 'done' };
    const said = urlIsSecret ? '' : body.toString().trim().slice(0, 200);
    return notWoken(whom, `HTTP ${status}${said && `: ${said}`}`);
  } catch (cause) {
    return notWoken(whom, describeError(cause));
  }
}

export function notWoken(whom: string, why: string): Outcome {
  return { kind: 'failed', problem: `waking ${whom}: ${why}` };
}

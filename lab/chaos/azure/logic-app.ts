import { HttpError, type HttpRequest, type SendHttp } from '../../../fleet/http.ts';
import { createWorkflows, type Workflows, type WorkflowsOptions } from '../../azure/logic/workflows.ts';
import { WAKE_URL } from './model.ts';

/** The Logic App whose run starts a job. */
export interface LogicApp {
  workflows: Workflows;
  /** As an alert calls it: whether that succeeds, nobody waits for. */
  wake(): void;
}

/** As long as it waits for what it calls, and as it is waited for. */
const CALL_TIMEOUT_MS = 60_000;

export function createLogicApp(send: SendHttp, options: Omit<WorkflowsOptions, 'send'>): LogicApp {
  async function call(request: Omit<HttpRequest, 'timeoutMs'>) {
    try {
      const { status, body } = await send({ ...request, timeoutMs: CALL_TIMEOUT_MS });
      return { status, body, headers: {} };
    } catch (cause) {
      if (cause instanceof HttpError) return undefined;
      throw cause;
    }
  }

  return {
    workflows: createWorkflows({
      ...options,
      send: (url, { headers, body }) =>
        call({
          method: 'PUT',
          url: url.href,
          headers: Object.fromEntries(
            Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
          ),
          body: body.toString(),
        }),
    }),
    wake() {
      void call({ method: 'POST', url: WAKE_URL, headers: { 'user-agent': 'alert' } });
    },
  };
}

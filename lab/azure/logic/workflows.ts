import { describeError } from '../../../fleet/error.ts';
import type { Changes } from '../../cloud/changes.ts';
import type { CloudClock } from '../../cloud/clock.ts';
import type { Happening } from '../../cloud/events.ts';
import type { HttpReply } from '../../cloud/http-front.ts';
import { runEvery } from '../../cloud/run-every.ts';
import type { RawRequest } from '../../raw-request.ts';
import type { Faults } from '../faults.ts';
import { sameId } from '../ids.ts';
import type { HttpAction, Identity, Workflow } from '../model.ts';
import type { Principals } from '../principals.ts';
import { fill } from './expressions.ts';

export interface WorkflowsOptions {
  workflows(): readonly Workflow[];
  principals: Principals;
  faults: Faults;
  clock: CloudClock;
  tokensMs: number;
  /** Sends what an action sends, wherever that is in the twin. */
  send(url: URL, request: Omit<RawRequest, 'target'>): Promise<HttpReply | undefined>;
  emit(happening: Happening): void;
}

/** Logic Apps: a request or their recurrence starts a run, which carries out their actions in order. */
export interface Workflows {
  /** What the address of a request trigger answers: it does not wait for the run. */
  receive(request: RawRequest): HttpReply | undefined;
  provision(changes: Changes<Workflow>): void;
  close(): void;
}

/** What a run tries again, so often, so far apart: its own policy where a program says nothing. */
const RETRIES = 4;
const RETRY_MS = 7500;
const PASSING: readonly number[] = [408, 429, 500, 502, 503, 504];

export function createWorkflows(options: WorkflowsOptions): Workflows {
  const { workflows, principals, faults, clock, tokensMs, emit } = options;
  const recurring = new Map<string, () => void>();
  let open = true;

  async function run(workflow: Workflow, by: string): Promise<void> {
    const begun = performance.now();
    try {
      for (const action of workflow.actions) await carryOut(workflow, action);
    } catch (cause) {
      const tookMs = Math.round(performance.now() - begun);
      const problem = describeError(cause);
      if (open) emit({ kind: 'invocation-failed', function: workflow.name, event: by, problem, tookMs });
    }
  }

  async function carryOut(workflow: Workflow, action: HttpAction): Promise<void> {
    const filled = fill({ uri: action.uri, body: action.body, headers: action.headers }, workflow.parameters);
    const { uri, body, headers } = filled as Pick<HttpAction, 'uri' | 'body' | 'headers'>;
    const request = {
      method: action.method,
      headers: {
        'content-type': 'application/json',
        ...headers,
        ...(action.authentication && {
          authorization: `Bearer ${tokenFor(workflow, action.authentication)}`,
        }),
      },
      body: Buffer.from(body === undefined ? '' : JSON.stringify(body)),
    };
    for (let attempt = 0; ; attempt++) {
      const reply = await options.send(new URL(uri), request);
      const status = reply?.status ?? 504;
      if (status >= 200 && status < 300) return;
      if (!PASSING.includes(status) || attempt === RETRIES) {
        throw new Error(
          `${action.name}: ${action.method} ${uri}: HTTP ${status} ${reply?.body.toString() ?? ''}`,
        );
      }
      await new Promise<void>((resolve) => clock.at(clock.now() + RETRY_MS * 2 ** attempt, resolve));
    }
  }

  function tokenFor(
    workflow: Workflow,
    { audience, identity }: NonNullable<HttpAction['authentication']>,
  ): string {
    const own = workflow.identities.find(({ id }) =>
      identity === undefined ? id === undefined : id !== undefined && sameId(id, identity),
    );
    if (own === undefined)
      throw new Error(`${workflow.name} has no managed identity ${identity ?? 'of its own'}`);
    return principals.issue(principalOf(own, workflow.name), audience, tokensMs).token;
  }

  function receive(request: RawRequest): HttpReply | undefined {
    const url = new URL(request.target, 'http://twin');
    const meant = workflows().find(
      ({ triggerUrl }) => triggerUrl !== undefined && new URL(triggerUrl).pathname === url.pathname,
    );
    if (meant?.triggerUrl === undefined) return plain(404, 'WorkflowNotFound');
    const fault = faults.take({ service: 'workflow', action: meant.name });
    if (fault === 'timeout') return undefined;
    if (fault !== undefined) return plain(fault === 'throttle' ? 429 : 502, 'the twin was told to');
    if (request.method !== 'POST') return plain(405, 'MethodNotAllowed');
    const sig = new URL(meant.triggerUrl).searchParams.get('sig');
    if (sig === null || url.searchParams.get('sig') !== sig)
      return plain(401, 'DirectApiAuthorizationRequired');
    if (!meant.enabled) return plain(404, 'WorkflowTriggerIsNotEnabled');
    void run(meant, request.headers['user-agent'] ?? 'request');
    return { status: 202, headers: { 'x-ms-workflow-name': meant.name }, body: '' };
  }

  return {
    receive,
    provision({ added, changed, removed }) {
      for (const { id } of [...removed, ...changed.map(({ before }) => before)]) {
        recurring.get(id)?.();
        recurring.delete(id);
      }
      for (const workflow of [...added, ...changed.map(({ after }) => after)]) {
        const { everyMs, enabled, id } = workflow;
        if (everyMs !== undefined && enabled) {
          recurring.set(
            id,
            runEvery(everyMs, () => run(workflow, 'recurrence'), clock),
          );
        }
      }
    },
    close() {
      open = false;
      for (const end of recurring.values()) end();
    },
  };
}

export function principalOf({ principalId, clientId }: Identity, name: string, instance?: string) {
  return {
    id: principalId,
    clientId,
    name,
    isOperator: false,
    ...(instance === undefined ? {} : { instance }),
  };
}

function plain(status: number, code: string): HttpReply {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ error: { code, message: code } }),
  };
}

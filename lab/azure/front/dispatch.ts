import type { HttpReply } from '../../cloud/http-front.ts';
import type { RawRequest } from '../../raw-request.ts';
import type { Jobs } from '../automation/jobs.ts';
import { sameId } from '../ids.ts';
import { answerToken, json, type TokenOptions } from '../imds/tokens.ts';
import { principalOf, type Workflows } from '../logic/workflows.ts';
import { type ArmOptions, answerArm } from './arm.ts';
import { answerBlob, type BlobOptions } from './blob.ts';

export interface DispatchOptions {
  arm: ArmOptions;
  blob: BlobOptions;
  workflows: Pick<Workflows, 'receive'>;
  jobs: Jobs;
  tokens: TokenOptions;
}

/** The twin's services differ by the first part of their paths, so one address serves all. Undefined: no answer. */
export function dispatch(request: RawRequest, options: DispatchOptions): HttpReply | undefined {
  const [path = '/'] = request.target.split('?', 1);
  if (path.startsWith('/blob/')) return withDate(answerBlob(request, options.blob), options.blob.now());
  if (path.startsWith('/workflows/')) return options.workflows.receive(request);
  if (path === '/job-identity') return answerJobIdentity(request, options);
  return answerArm(request, options.arm);
}

/** Every answer of the store tells its clock. */
function withDate(reply: HttpReply | undefined, now: number): HttpReply | undefined {
  const common = { 'x-ms-version': '2023-11-03', date: new Date(now).toUTCString() };
  return reply && { ...reply, headers: { ...common, ...reply.headers } };
}

/** Where a job asks for tokens of its account's identities. */
function answerJobIdentity(
  request: RawRequest,
  { jobs, arm, tokens }: DispatchOptions,
): HttpReply | undefined {
  const { headers, target, method } = request;
  const job = jobs.bySecret(headers['x-identity-header'] ?? '');
  if (job === undefined || headers.metadata?.toLowerCase() !== 'true' || method !== 'GET') {
    return json(401, { error: 'unauthorized' });
  }
  const fault = arm.faults.take({ service: 'identity', action: job.runbook });
  if (fault === 'timeout') return undefined;
  if (fault !== undefined) return json(fault === 'throttle' ? 429 : 500, { error: 'told to' });
  const account = arm.model().automationAccounts.find(({ id }) => sameId(id, job.account));
  const { searchParams } = new URL(target, 'http://twin');
  return answerToken(
    searchParams,
    account?.identities ?? [],
    (identity) => principalOf(identity, job.runbook),
    tokens,
  );
}

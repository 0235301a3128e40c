import * as v from 'valibot';
import { ApiError, malformed } from '../../cloud/api-error.ts';
import type { Path } from '../../cloud/api-request.ts';
import type { Job } from '../automation/job.ts';
import type { Jobs } from '../automation/jobs.ts';
import type { AzureModel } from '../model.ts';
import { json, type Method, method, notFound, nothing } from './arm-method.ts';

const AUTOMATION_VERSION = '2023-11-01';
const ACCOUNT =
  '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Automation/automationAccounts/{automationAccountName}';
const JOB = `${ACCOUNT}/jobs/{jobName}`;
const ACTIONS = 'Microsoft.Automation/automationAccounts/jobs';

const createSchema = v.strictObject({
  properties: v.strictObject({
    runbook: v.strictObject({ name: v.string() }),
    parameters: v.optional(v.record(v.string(), v.string()), {}),
    runOn: v.optional(v.literal('', 'the twin has no hybrid workers')),
  }),
});
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The jobs of Automation accounts, as far as the program and a person use them. */
export function createAutomation(jobs: Jobs, model: () => AzureModel): Method[] {
  const accountId = (path: Path) =>
    `/subscriptions/${path.subscriptionId}/resourceGroups/${path.resourceGroupName}/providers/Microsoft.Automation/automationAccounts/${path.automationAccountName}`;
  const jobId = (path: Path) => `${accountId(path)}/jobs/${path.jobName}`;
  const common = { version: AUTOMATION_VERSION, path: JOB, scope: jobId, errors: 'flat' } as const;

  function mustJob(path: Path): Job {
    const found = jobs.find(accountId(path), path.jobName ?? '');
    if (found === undefined) throw notFound(jobId(path));
    return found;
  }

  function change(path: Path, does: (job: Job) => void) {
    does(mustJob(path));
    return nothing(200);
  }

  return [
    method(
      { ...common, id: 'Job_Create', http: 'PUT', action: `${ACTIONS}/write`, body: createSchema },
      ({ path, body, caller }) => {
        const account = accountId(path);
        if (!model().automationAccounts.some(({ id }) => id.toLowerCase() === account.toLowerCase())) {
          throw notFound(account);
        }
        const id = path.jobName ?? '';
        if (!GUID.test(id)) throw malformed('BadRequest', `the name of a job must be a GUID, not ${id}`);
        const { runbook, parameters } = body.properties;
        const job = jobs.create({ id, account, runbook: runbook.name, parameters }, caller.principal.name);
        if (job === undefined) {
          throw new ApiError(404, 'NotFound', `The runbook ${runbook.name} was not found.`);
        }
        return json(201, jobView(job));
      },
    ),
    method({ ...common, id: 'Job_Get', http: 'GET', action: `${ACTIONS}/read` }, ({ path }) =>
      json(200, jobView(mustJob(path))),
    ),
    method(
      {
        ...common,
        id: 'Job_ListByAutomationAccount',
        http: 'GET',
        path: `${ACCOUNT}/jobs`,
        action: `${ACTIONS}/read`,
        scope: accountId,
        query: v.strictObject({ $filter: v.optional(v.string()) }),
      },
      ({ path }) =>
        json(200, {
          value: jobs
            .all()
            .filter(({ account }) => account.toLowerCase() === accountId(path).toLowerCase())
            .map(listed),
        }),
    ),
    method(
      {
        ...common,
        id: 'Job_GetOutput',
        http: 'GET',
        path: `${JOB}/output`,
        action: `${ACTIONS}/output/read`,
      },
      ({ path }) => ({
        status: 200,
        headers: { 'content-type': 'text/plain' },
        body: mustJob(path).lines.join('\n'),
      }),
    ),
    method(
      {
        ...common,
        id: 'Job_Suspend',
        http: 'POST',
        path: `${JOB}/suspend`,
        action: `${ACTIONS}/suspend/action`,
      },
      ({ path }) => change(path, jobs.suspend),
    ),
    method(
      {
        ...common,
        id: 'Job_Resume',
        http: 'POST',
        path: `${JOB}/resume`,
        action: `${ACTIONS}/resume/action`,
      },
      ({ path }) => change(path, jobs.resume),
    ),
    method(
      { ...common, id: 'Job_Stop', http: 'POST', path: `${JOB}/stop`, action: `${ACTIONS}/stop/action` },
      ({ path }) => change(path, jobs.stop),
    ),
  ];
}

/** A list tells less of each. */
function listed(job: Job): object {
  const { properties, ...rest } = jobView(job);
  const { parameters: _parameters, lastStatusModifiedTime: _time, ...told } = properties;
  return { ...rest, properties: told };
}

function jobView(job: Job) {
  const time = (ms: number | undefined) => (ms === undefined ? null : new Date(ms).toISOString());
  const changedAt = job.endedAt ?? job.startedAt ?? job.createdAt;
  return {
    id: `${job.account}/jobs/${job.id}`,
    name: job.id,
    type: 'Microsoft.Automation/AutomationAccounts/Jobs',
    properties: {
      jobId: job.id,
      runbook: { name: job.runbook },
      parameters: job.parameters,
      creationTime: time(job.createdAt),
      status: job.status,
      startTime: time(job.startedAt),
      endTime: time(job.endedAt),
      lastModifiedTime: time(changedAt),
      lastStatusModifiedTime: time(changedAt),
      ...(job.exception === undefined ? {} : { exception: job.exception }),
      provisioningState: PROVISIONING[job.status],
    },
  };
}

const PROVISIONING: Record<Job['status'], string> = {
  New: 'Processing',
  Running: 'Processing',
  Completed: 'Succeeded',
  Failed: 'Failed',
  Stopped: 'Succeeded',
  Suspended: 'Suspended',
};

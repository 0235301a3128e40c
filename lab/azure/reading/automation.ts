import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { ofType } from '../../pulumi/reading.ts';
import type { RecordedResource } from '../../pulumi/resource.ts';
import type { AutomationAccount, JobSchedule, Runbook } from '../model.ts';
import { fewTags, INERT } from './common.ts';
import { hasIdentity, identitiesOf } from './identity.ts';

const accountSchema = v.object({
  automationAccountName: v.string(),
  identity: v.optional(hasIdentity),
  tags: fewTags,
});
const inAccount = { ...INERT, tags: fewTags, automationAccountName: v.string() };
const runtimeSchema = v.strictObject({
  ...inAccount,
  runtimeEnvironmentName: v.string(),
  language: v.literal('Python'),
  version: v.literal('3.10'),
});
const runbookSchema = v.strictObject({
  ...inAccount,
  runbookName: v.string(),
  runbookType: v.literal('Python', 'the twin runs runbooks in Python'),
  runtimeEnvironment: v.string('without one Azure runs another Python'),
  logVerbose: v.optional(v.boolean()),
  logProgress: v.optional(v.boolean()),
  publishContentLink: v.strictObject({
    uri: v.string(),
    version: v.optional(v.string()),
    contentHash: v.optional(
      v.strictObject({ algorithm: v.pipe(v.string(), v.regex(/^sha256$/i)), value: v.string() }),
    ),
  }),
});
const scheduleSchema = v.strictObject({
  ...inAccount,
  scheduleName: v.string(),
  frequency: v.literal('Hour'),
  interval: v.pipe(v.number(), v.minValue(1)),
  startTime: v.pipe(v.string(), v.isoTimestamp(), v.transform(Date.parse)),
  timeZone: v.optional(v.string()),
});
const jobScheduleSchema = v.strictObject({
  ...inAccount,
  jobScheduleId: v.string(),
  runbook: v.strictObject({ name: v.string() }),
  schedule: v.strictObject({ name: v.string() }),
  parameters: v.optional(v.record(v.string(), v.string()), {}),
});
const blobSchema = v.object({ url: v.string(), source: v.instance(Buffer) });

const ACCOUNT = 'azure-native:automation:AutomationAccount';

export function readAutomationAccounts(resources: readonly RecordedResource[]): AutomationAccount[] {
  return ofType(resources, [ACCOUNT], accountSchema).map(({ id, is }) => ({
    id,
    name: is.automationAccountName,
    identities: is.identity === undefined ? [] : identitiesOf(resources, is.identity),
  }));
}

export function readRunbooks(resources: readonly RecordedResource[]): Runbook[] {
  const runtimes = ofType(resources, ['azure-native:automation:RuntimeEnvironment'], runtimeSchema);
  return ofType(resources, ['azure-native:automation:Runbook'], runbookSchema).map(({ id, name, is }) => {
    if (!runtimes.some((each) => each.is.runtimeEnvironmentName === is.runtimeEnvironment)) {
      throw new Error(`"${name}" runs in ${is.runtimeEnvironment}, which is not there`);
    }
    const content = textAt(resources, is.publishContentLink.uri);
    const { contentHash } = is.publishContentLink;
    if (
      contentHash !== undefined &&
      contentHash.value.toLowerCase() !== createHash('sha256').update(content).digest('hex')
    ) {
      throw new Error(`"${name}" is not the text that its hash says`);
    }
    return { id, account: accountOf(id), name: is.runbookName, content: content.toString('utf8') };
  });
}

/** Automation reads it by its address alone: that must hold the right to. */
function textAt(resources: readonly RecordedResource[], uri: string): Buffer {
  const url = new URL(uri);
  if (!url.searchParams.has('sig')) throw new Error(`Automation may not read ${url.origin}${url.pathname}`);
  const found = ofType(
    resources.filter((each) => each.outputs.url === `${url.origin}${url.pathname}`),
    ['azure-native:storage:Blob'],
    blobSchema,
  );
  if (found[0] === undefined) throw new Error(`the text of a runbook is not there: ${url.pathname}`);
  return found[0].is.source;
}

export function readJobSchedules(resources: readonly RecordedResource[]): JobSchedule[] {
  const schedules = ofType(resources, ['azure-native:automation:Schedule'], scheduleSchema);
  return ofType(resources, ['azure-native:automation:JobSchedule'], jobScheduleSchema).map(
    ({ id, name, is }) => {
      const schedule = schedules.find((each) => each.is.scheduleName === is.schedule.name);
      if (schedule === undefined)
        throw new Error(`"${name}" names a schedule that is not there: ${is.schedule.name}`);
      return {
        id,
        account: accountOf(id),
        runbook: is.runbook.name,
        everyMs: schedule.is.interval * 3_600_000,
        offsetMs: schedule.is.startTime % 3_600_000,
        parameters: is.parameters,
      };
    },
  );
}

/** What its id is below. */
function accountOf(id: string): string {
  return id.split('/').slice(0, -2).join('/');
}

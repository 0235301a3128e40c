import type { RecordedResource } from '../pulumi/resource.ts';

const RUNBOOK = 'azure-native:automation:Runbook';
const JOB_SCHEDULE = 'azure-native:automation:JobSchedule';

/**
 * Automation forgets what starts a runbook whenever the runbook is written, and tells nobody: to whoever made such a link it
 * is still there, and starts nothing.
 */
export function createForgottenSchedules(): (
  before: readonly RecordedResource[],
  after: readonly RecordedResource[],
) => RecordedResource[] {
  const forgotten = new Set<string>();
  const ofType = (resources: readonly RecordedResource[], wanted: string) =>
    resources.filter(({ type }) => type === wanted);

  return (before, after) => {
    for (const runbook of ofType(before, RUNBOOK)) {
      const now = ofType(after, RUNBOOK).find(({ id }) => id === runbook.id);
      if (now === undefined || JSON.stringify(now.inputs) === JSON.stringify(runbook.inputs)) continue;
      for (const { id, inputs } of ofType(before, JOB_SCHEDULE)) {
        if (Object(inputs.runbook).name === runbook.inputs.runbookName) forgotten.add(id);
      }
    }
    // What is deleted may be made again, and is then heard of.
    for (const id of forgotten) if (!after.some((each) => each.id === id)) forgotten.delete(id);
    return after.filter(({ id }) => !forgotten.has(id));
  };
}

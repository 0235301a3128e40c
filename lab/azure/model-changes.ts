import { type Changes, compare } from '../cloud/changes.ts';
import type {
  AutoscaleSetting,
  AzureModel,
  Container,
  JobSchedule,
  MetricAlert,
  ProvisionedBlob,
  ScaleSet,
  Workflow,
} from './model.ts';

export interface ModelChanges {
  containers: Changes<Container>;
  blobs: Changes<ProvisionedBlob>;
  scaleSets: Changes<ScaleSet>;
  autoscaleSettings: Changes<AutoscaleSetting>;
  alerts: Changes<MetricAlert>;
  workflows: Changes<Workflow>;
  jobSchedules: Changes<JobSchedule>;
}

/** Pure: what is to be changed in a running twin. What is only looked up (roles, runbooks, groups) needs no change. */
export function changesOf(before: AzureModel, after: AzureModel): ModelChanges {
  const idOf = ({ id }: { id: string }) => id.toLowerCase();
  return {
    containers: compare(before.containers, after.containers, ({ account, name }) => `${account}/${name}`),
    blobs: compare(
      before.blobs,
      after.blobs,
      ({ account, container, name }) => `${account}/${container}/${name}`,
    ),
    scaleSets: compare(before.scaleSets, after.scaleSets, idOf),
    autoscaleSettings: compare(before.autoscaleSettings, after.autoscaleSettings, idOf),
    alerts: compare(before.alerts, after.alerts, idOf),
    workflows: compare(before.workflows, after.workflows, idOf),
    jobSchedules: compare(before.jobSchedules, after.jobSchedules, idOf),
  };
}

import type { TwinCloud } from '../cloud/twin-cloud.ts';
import type { Job } from './automation/job.ts';
import type { Instance } from './compute/instance.ts';
import type { RunningScaleSet } from './compute/scale-set.ts';
import type { EventType } from './compute/scheduled-events.ts';
import type { FaultPort } from './faults.ts';
import type { AutoscaleSetting, AzureModel } from './model.ts';

/** What a person, the cloud or chance does to a twin Azure, beside what every cloud knows. */
export interface AzureHands {
  /** By a person, past all protection. */
  deleteInstance(instance: string): void;
  /** Taken back in 30 (twin) seconds, as spot machines are; nothing holds that up. */
  evict(instance: string): void;
  /** So far ahead, in twin time, that a machine can get ready. */
  maintain(instance: string, event: Exclude<EventType, 'Terminate' | 'Preempt'>, afterMs?: number): void;
  setTag(instance: string, key: string, value: string): void;
  /** As an update of the model may do it. */
  loseProtection(instance: string): void;
  /** An alert fires now, whatever the metric says. */
  fireAlert(name: string): Promise<void>;
  silenceAlerts(isSilent: boolean): void;
  silenceSchedules(isSilent: boolean): void;
  /** Of these identities no role was heard of yet; undefined: of all. */
  withholdRoles(principalIds: readonly string[] | undefined): void;
  /** Every job that there ever was. */
  jobs(): readonly Job[];
  suspendJob(job: Job): void;
  resumeJob(job: Job): void;
  stopJob(job: Job): void;
}

/** A twin Azure with one subscription, one region and what one program provisioned in it. */
export interface AzureTwin extends TwinCloud, AzureHands {
  /** Where every service of it answers, once it has started. */
  readonly endpoint: string;
  /** With which Azure's variables point at it. */
  environment(): Record<string, string>;
  faults: FaultPort;
  scaleSets(): readonly RunningScaleSet[];
  /** As they are now. */
  autoscaleSettings(): readonly AutoscaleSetting[];
  /** Every machine that there ever was, with all that the twin knows of it. */
  machines(): readonly Instance[];
  /** What is provisioned changes while the twin runs; machines that run are not disturbed. */
  provision(model: AzureModel): Promise<void>;
  /** A token of an identity for a test's own calls; of a machine, where it is named. */
  tokenOf(principalId: string, audience: string, instance?: string): string;
  /** A token for the resource manager, of a person who has just what this role, as it is written, gives at these scopes. */
  personToken(role: string, scopes: readonly string[]): string;
  /** A token of a person who may do everything. */
  operatorToken(audience: string): string;
}

import type { TwinCloud } from '../cloud/twin-cloud.ts';
import type { AutoscalerState } from './compute/autoscaler.ts';
import type { Instance, MaintenanceEvent } from './compute/instance.ts';
import type { ManagedGroup } from './compute/managed-group.ts';
import type { FaultPort } from './faults.ts';
import type { AutoscalerModel, GcpModel } from './model.ts';

/** What a person, the cloud or chance does to a twin Google Cloud, beside what every cloud knows. */
export interface GcpHands {
  /** Another word of the autoscaler than its own; undefined: its own again. */
  pretendAutoscaler(state: Partial<AutoscalerState> | undefined): void;
  /** As a person sees it and sets it, past the API; undefined where the group has no autoscaler. */
  autoscalerMode(): AutoscalerModel['mode'] | undefined;
  setAutoscalerMode(mode: AutoscalerModel['mode']): void;
  /** As a person does it, past the API: out of the group, running on. */
  abandon(instance: string): void;
  /** Its group makes it anew: the name stays, the machine does not. */
  repair(instance: string): void;
  /** Taken back in 30 (twin) seconds, as spot machines are; nothing holds that up. */
  preempt(instance: string): void;
  /** A minute (of the twin's) ahead. */
  maintain(instance: string, event: Exclude<MaintenanceEvent, 'NONE'>): void;
  setLabel(instance: string, key: string, value: string): void;
  setMetadata(instance: string, key: string, value: string): void;
  silenceScheduler(isSilent: boolean): void;
}

/** A twin Google Cloud with one project, one region and what one program provisioned in it. */
export interface GcpTwin extends TwinCloud, GcpHands {
  /** Where every service of it answers, once it has started. */
  readonly endpoint: string;
  /** With which Google's variables point at it. */
  environment(): Record<string, string>;
  faults: FaultPort;
  groups(): readonly ManagedGroup[];
  /** Every machine that there ever was, with all that the twin knows of it. */
  machines(): readonly Instance[];
  /** What is provisioned changes while the twin runs; machines that run are not disturbed. */
  provision(model: GcpModel): Promise<void>;
  /** A token of a service account for a test's own calls; of a machine, where it is named. */
  tokenOf(email: string, instance?: string): string;
  /** A token of a person who has just what these rights, as they are written, give to `MEMBER`. */
  personToken(rights: string): string;
  /** A token of a person who may do everything. */
  operatorToken(): string;
  identityOf(email: string, audience: string): string;
}

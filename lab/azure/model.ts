import type { Place } from './place.ts';

/** What one program provisioned in a twin Azure: plain data, so that many twins can be made of one application. */
export interface AzureModel extends Place {
  accounts: StorageAccount[];
  containers: Container[];
  blobs: ProvisionedBlob[];
  /** Custom roles; Azure's own are in roles/built-in.ts. */
  roles: RoleDefinition[];
  assignments: RoleAssignment[];
  scaleSets: ScaleSet[];
  autoscaleSettings: AutoscaleSetting[];
  alerts: MetricAlert[];
  actionGroups: ActionGroup[];
  workflows: Workflow[];
  automationAccounts: AutomationAccount[];
  runbooks: Runbook[];
  jobSchedules: JobSchedule[];
}

export interface StorageAccount {
  id: string;
  name: string;
}

export interface Container {
  account: string;
  name: string;
  id: string;
  /** Anybody may read its blobs by name. */
  isPublic: boolean;
}

export interface ProvisionedBlob {
  account: string;
  container: string;
  name: string;
  body: Buffer;
}

export interface RoleDefinition {
  /** `/subscriptions/…/providers/Microsoft.Authorization/roleDefinitions/GUID` */
  id: string;
  permissions: Permission[];
}

export interface Permission {
  actions: string[];
  notActions: string[];
  dataActions: string[];
  notDataActions: string[];
}

export interface RoleAssignment {
  id: string;
  scope: string;
  principalId: string;
  roleDefinitionId: string;
}

/** A managed identity, as somebody has it. */
export interface Identity {
  principalId: string;
  clientId: string;
  /** Of a user-assigned one. */
  id?: string;
}

/** A virtual machine scale set of Uniform orchestration. */
export interface ScaleSet {
  id: string;
  name: string;
  location: string;
  zones: string[];
  /** At first; autoscale moves it. */
  capacity: number;
  vmSize: string;
  tags: Record<string, string>;
  customData: string;
  userData?: string;
  identities: Identity[];
  /** How long before its end an instance is told. */
  terminateNoticeMs?: number;
  spot: boolean;
}

export interface AutoscaleSetting {
  id: string;
  target: string;
  enabled: boolean;
  min: number;
  max: number;
  /** What it is to be where there are no metrics. */
  initial: number;
  rules: AutoscaleRule[];
}

export type Comparison = 'GreaterThan' | 'GreaterThanOrEqual' | 'LessThan' | 'LessThanOrEqual';
export type Aggregation = 'Average' | 'Minimum' | 'Maximum';

export interface AutoscaleRule {
  comparison: Comparison;
  /** Percent of the CPU. */
  threshold: number;
  windowMs: number;
  /** Over the instances, in each minute. */
  statistic: Aggregation;
  /** Over the minutes. */
  aggregation: Aggregation;
  direction: 'Increase' | 'Decrease';
  by: number;
  coolDownMs: number;
}

export interface MetricAlert {
  id: string;
  name: string;
  scope: string;
  enabled: boolean;
  comparison: Comparison;
  threshold: number;
  aggregation: Aggregation;
  windowMs: number;
  everyMs: number;
  /** A stateful alert fires once and is resolved later; a stateless one fires while its condition holds. */
  stateful: boolean;
  actionGroups: string[];
}

export interface ActionGroup {
  id: string;
  enabled: boolean;
  /** URLs that it calls; mail and the like is nobody's in a twin. */
  calls: { name: string; url: string }[];
}

/** A Logic App, as far as the twin runs them. */
export interface Workflow {
  id: string;
  name: string;
  enabled: boolean;
  identities: Identity[];
  /** Its request trigger's address, which is a secret; undefined without such a trigger. */
  triggerUrl?: string;
  /** Its recurrence. */
  everyMs?: number;
  parameters: Record<string, unknown>;
  actions: HttpAction[];
}

export interface HttpAction {
  name: string;
  method: string;
  uri: string;
  headers: Record<string, string>;
  body: unknown;
  /** Whose token it sends, and for whom; undefined for none. */
  authentication?: { audience: string; identity?: string };
}

export interface AutomationAccount {
  id: string;
  name: string;
  identities: Identity[];
}

export interface Runbook {
  id: string;
  account: string;
  name: string;
  content: string;
}

export interface JobSchedule {
  id: string;
  account: string;
  runbook: string;
  everyMs: number;
  /** How long after each whole hour. */
  offsetMs: number;
  parameters: Record<string, string>;
}

/** A subscription in which nothing was provisioned yet. */
export const NOTHING = {
  accounts: [],
  containers: [],
  blobs: [],
  roles: [],
  assignments: [],
  scaleSets: [],
  autoscaleSettings: [],
  alerts: [],
  actionGroups: [],
  workflows: [],
  automationAccounts: [],
  runbooks: [],
  jobSchedules: [],
} satisfies Omit<AzureModel, keyof Place>;

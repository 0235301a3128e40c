import type { Condition } from './iam/condition.ts';

/** What one program provisioned in a twin Google Cloud: plain data, so that many twins can be made of one application. */
export interface GcpModel {
  project: string;
  projectNumber: string;
  region: string;
  buckets: Bucket[];
  objects: ProvisionedObject[];
  secrets: Secret[];
  serviceAccounts: ServiceAccount[];
  /** Custom roles; Google's own are in iam/roles.ts. */
  roles: CustomRole[];
  bindings: Binding[];
  functions: FunctionModel[];
  jobs: Job[];
  groups: Group[];
}

export interface Bucket {
  name: string;
}

export interface ProvisionedObject {
  bucket: string;
  key: string;
  body: Buffer;
}

export interface Secret {
  name: string;
  /** The latest is the last; the first is version 1. */
  versions: Buffer[];
}

export interface ServiceAccount {
  email: string;
  uniqueId: string;
}

export interface CustomRole {
  /** `projects/PROJECT/roles/ID` */
  name: string;
  permissions: string[];
}

/** One role given to one member. */
export interface Binding {
  /** Where the policy hangs: `project`, `buckets/NAME`, `secrets/NAME`, `services/NAME`. */
  on: string;
  role: string;
  member: string;
  condition?: Condition;
}

export interface FunctionModel {
  name: string;
  /** Where it answers, and the audience of who calls it. */
  url: string;
  entryPoint: string;
  runtime: string;
  serviceAccount: string;
  timeoutMs: number;
  memoryMb: number;
  maxInstances: number;
  /** How many requests one instance answers at the same time. */
  concurrency: number;
  environment: Record<string, string>;
  /** File name → content, as in the source archive. */
  files: Record<string, Buffer>;
}

/** A job of Cloud Scheduler. */
export interface Job {
  name: string;
  everyMs: number;
  url: string;
  method: string;
  body: string;
  headers: Record<string, string>;
  /** Whose identity token it sends; undefined for none. */
  caller?: { serviceAccount: string; audience: string };
  attemptMs: number;
  enabled: boolean;
}

/** A regional managed instance group. */
export interface Group {
  name: string;
  baseInstanceName: string;
  zones: string[];
  description: string;
  /** Where an autoscaler owns it, only the first. */
  targetSize: number;
  paginated: boolean;
  /** What becomes of a machine that fails. */
  repairs: boolean;
  /** Only told: the twin moves no machine to another zone. */
  redistributes?: boolean;
  template: InstanceTemplate;
  autoscaler?: AutoscalerModel;
}

export interface AutoscalerModel {
  name: string;
  min: number;
  max: number;
  mode: 'ON' | 'ONLY_SCALE_OUT' | 'OFF';
  /** Of the CPU, 0 to 1. */
  target: number;
  /** How long a machine needs until its load says something. */
  initializationMs: number;
}

export interface InstanceTemplate {
  name: string;
  machineType: string;
  metadata: Record<string, string>;
  labels: Record<string, string>;
  /** Undefined for none: such a machine has no tokens. */
  serviceAccount?: { email: string; scopes: string[] };
  spot: boolean;
  onHostMaintenance: 'MIGRATE' | 'TERMINATE';
}

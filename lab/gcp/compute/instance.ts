import { createHash } from 'node:crypto';
import type { Standing } from '../../cloud/events.ts';
import { hexId } from '../../cloud/identifiers.ts';
import type { KeptInstance } from '../../cloud/machines.ts';
import type { InstanceTemplate } from '../model.ts';

export type InstanceStatus = 'PROVISIONING' | 'STAGING' | 'RUNNING' | 'STOPPING' | 'TERMINATED';
export type CurrentAction = 'NONE' | 'CREATING' | 'RECREATING' | 'DELETING' | 'ABANDONING';
export type MaintenanceEvent = 'NONE' | 'MIGRATE_ON_HOST_MAINTENANCE' | 'TERMINATE_ON_HOST_MAINTENANCE';

/** One virtual machine. A machine that is made anew is another one: its name stays, its id does not. */
export interface Instance extends KeptInstance {
  readonly name: string;
  /** Google's own: a number, as text. */
  readonly id: string;
  readonly zone: string;
  /** The group that made it: it stays its `created-by` when it is abandoned. */
  readonly group: string;
  readonly template: InstanceTemplate;
  /** Real time, ms since the epoch. */
  readonly createdAt: number;
  labels: Readonly<Record<string, string>>;
  metadata: Readonly<Record<string, string>>;
  status: InstanceStatus;
  /** What its group does with it; undefined once it is no member. */
  action: CurrentAction | undefined;
  preempted: boolean;
  maintenance: MaintenanceEvent;
  /** The same in real time, ms since the epoch, as its description tells it. */
  lastStop?: number;
  readonly listeners: Set<() => void>;
}

export type InstanceSpec = Pick<
  Instance,
  'name' | 'zone' | 'group' | 'template' | 'createdAt' | 'launchedAt'
>;

/** `createdBy`: its group as the metadata name it. */
export function createInstance(spec: InstanceSpec, seed: string, createdBy: string): Instance {
  const { metadata, labels, name } = spec.template;
  return {
    ...spec,
    id: numericId(seed),
    labels: { ...labels },
    metadata: { ...metadata, 'created-by': createdBy, 'instance-template': name },
    status: 'PROVISIONING',
    action: 'CREATING',
    booted: false,
    decided: false,
    preempted: false,
    maintenance: 'NONE',
    isGone: false,
    listeners: new Set(),
  };
}

/** Where it stands, as every cloud would say it. */
export function standingOf(instance: Instance): Standing {
  const { stoppedAt, status, action, decided, booted } = instance;
  if (stoppedAt !== undefined) return 'gone';
  if (status === 'STOPPING' || action === 'DELETING' || action === 'RECREATING') return 'leaving';
  if (decided) return 'draining';
  if (action === undefined || action === 'ABANDONING') return 'kept';
  return booted ? 'serving' : 'booting';
}

/** Its metadata may read otherwise now. */
export function changed({ listeners }: Instance): void {
  for (const listener of [...listeners]) listener();
}

/** Nineteen digits, the first not a zero. */
export function numericId(seed: string): string {
  const number = BigInt(`0x${hexId(seed, 15)}`) % 9_000_000_000_000_000_000n;
  return String(number + 1_000_000_000_000_000_000n);
}

/** Tells whether labels or metadata were changed by somebody else meanwhile. */
export function fingerprintOf(values: Readonly<Record<string, string>>): string {
  return createHash('sha256')
    .update(JSON.stringify(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1))))
    .digest()
    .subarray(0, 8)
    .toString('base64');
}

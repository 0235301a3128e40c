import { randomBytes, randomUUID } from 'node:crypto';

/** As OpenWhisk lists parameters and annotations. */
export interface KeyValue {
  key: string;
  value: unknown;
}

export interface Limits {
  /** ms */
  timeout: number;
  /** MB */
  memory: number;
}

export interface Package {
  name: string;
  version: string;
  publish: boolean;
  annotations: KeyValue[];
  parameters: KeyValue[];
}

export interface Action extends Package {
  package: string;
  exec: { kind: string; code: string; binary: boolean; main?: string | undefined };
  limits: Limits;
}

export interface Trigger {
  name: string;
  /** `PACKAGE/ACTION` */
  function: string;
  isEnabled: boolean;
  cron: string;
  body: Record<string, unknown> | null;
  createdAt: number;
  updatedAt: number;
  lastRunAt: number | null;
}

export interface Namespace {
  /** `fn-UUID` */
  id: string;
  uuid: string;
  key: string;
  label: string;
  region: string;
  createdAt: number;
  packages: Map<string, Package>;
  /** By `PACKAGE/ACTION`. */
  actions: Map<string, Action>;
  triggers: Map<string, Trigger>;
}

/** All Functions of one account. */
export interface FunctionsModel {
  namespaces: Map<string, Namespace>;
}

export function createNamespace(label: string, region: string, createdAt: number): Namespace {
  const uuid = randomUUID();
  return {
    id: `fn-${uuid}`,
    uuid,
    key: randomBytes(32).toString('hex'),
    label,
    region,
    createdAt,
    packages: new Map(),
    actions: new Map(),
    triggers: new Map(),
  };
}

export function nameOf({ package: inside, name }: Pick<Action, 'package' | 'name'>): string {
  return `${inside}/${name}`;
}

/** Each write makes another one. */
export function nextVersion(version: string): string {
  const [major, minor, patch] = version.split('.').map(Number);
  return `${major}.${minor}.${(patch ?? 0) + 1}`;
}

export const FIRST_VERSION = '0.0.1';

import type { AgentConfig } from '../../fleet/agent-config.ts';
import { createBucketRegistry } from '../../fleet/bucket-registry.ts';
import type { CloudName } from '../../fleet/clouds.ts';
import type { SendHttp } from '../../fleet/http.ts';
import type { ObjectStore } from '../../fleet/object-store.ts';
import type { Registry } from '../../fleet/registry.ts';
import type { CoreSettings } from '../core/settings.ts';
import type { Cloud } from './cloud.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What stands in for the machine's own network, for the wall's time, and for its small files. */
export type Network = { send?: SendHttp; now?: () => number; readText?: (path: string) => string };

/** `store`: where the software of nodes lies, too. */
export type Connected = { cloud: Cloud; registry: Registry; store: Pick<ObjectStore, 'get'> };

/** What the agent is told of one kind of cloud. */
export type SettingsOf<Kind extends CloudName> = Extract<AgentConfig['cloud'], { kind: Kind }>;

/** How a node is joined to its cloud, and what it is to hold there. */
export interface NodeCloud<Settings = AgentConfig['cloud']> {
  connect(config: AgentConfig, settings: Settings, environment: Environment, network: Network): Connected;
  /** How often the cloud is asked what it wants, where nothing is set. */
  noticeMs: number;
  /** An empty machine leaves by a call of its own, or says so in its status and is taken away. */
  leavesBy: CoreSettings['leavesBy'];
  /** Of a cloud that recommends to leave; else it is only reported. */
  onRebalance?(settings: Settings): CoreSettings['onRebalance'];
  /** The machine that the configuration was made for, where it holds what is this one's alone. */
  madeFor?(settings: Settings): string;
}

/** A metadata service near by may be asked each second. */
export const METADATA_NOTICE_MS = 1_000;
/** Each look into a mailbox is a paid request to a store. */
export const MAILBOX_NOTICE_MS = 3_000;

export function registryOn(config: AgentConfig, store: ObjectStore): Registry {
  return createBucketRegistry({ store, statusName: () => config.registry.statusName });
}

import type { Registry } from '../fleet/registry.ts';
import type { Cloud } from './clouds/cloud.ts';
import type { MediaServer } from './media/media.ts';
import type { Inhibitor } from './runtime/inhibitor.ts';
import type { MediaRuntime } from './runtime/runtime.ts';
import type { SetupUnit } from './runtime/setup-unit.ts';
import type { StateFile } from './store/state-file.ts';

/** One JSON line on standard output. */
export type Log = (level: 'info' | 'warn' | 'error', event: string, fields?: Record<string, unknown>) => void;

/** Everything outside the agent. */
export interface Ports {
  cloud: Cloud;
  registry: Registry;
  media: MediaServer;
  runtime: MediaRuntime;
  /** Where an operator's script brings the media. */
  setup?: SetupUnit;
  inhibitor: Inhibitor;
  stateFile: StateFile;
  log: Log;
}

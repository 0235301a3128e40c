import type { NodeStatus } from '../../fleet/status.ts';

/** Who this node is; told once, at the start. */
export interface NodeIdentity {
  node: string;
  /** The cloud's own id of this one machine, where the name of a node may come again. */
  machine?: string;
  cloud: NodeStatus['cloud'];
  zone: string;
  address: string;
  software: NodeStatus['software'];
  capacity: number | null;
}

/** What the core decides by. All in milliseconds. */
export interface CoreSettings {
  pool: string;
  identity: NodeIdentity;
  /** The longest drain that the operator allows; undefined is without end. */
  ceilingMs: number | undefined;
  onCeiling: 'keep' | 'cut';
  warnAfterMs: number;
  onRebalance: 'report' | 'drain';
  /** `call`: its own word to the cloud ends this machine. `status`: others do, who go by what it tells the registry. */
  leavesBy: 'call' | 'status';
  heartbeatMs: number;
  publishMs: number;
  retryMs: number;
  /** A reading older than this says nothing about now. */
  readingValidMs: number;
}

/** How long the decision's record is awaited before the drain begins without it: the signal must go within 2 s. */
export const DECISION_WAIT_MS = 500;
/**
 * A signal in the first moments of a media process may be lost for good: LiveKit, whose metrics answer some 100 ms before
 * it can end, then drains and stays; agents hang. It is safe once that life has told its work for so long, or has been
 * there for so long.
 */
export const SIGNAL_SAFE_KNOWN_MS = 500;
export const SIGNAL_SAFE_AGE_MS = 10_000;
/** An agent takes its signal only once it has loaded what it needs, which it shows by telling its jobs; one that never tells gets it all the same. */
export const SIGNAL_AT_LAST_MS = 60_000;
/** A process that was signalled and has nothing left to do ends within seconds; one that stays needs a person. */
export const STUCK_AFTER_MS = 60_000;
/** LiveKit looks every 5 s whether it may end: zero for twice that, and still alive, proves that no signal arrived. */
export const ZERO_PROOF_MS = 10_000;
/** LiveKit writes its state every 2 s, and believes no other that is older than this. */
export const REGISTRY_VALID_MS = 5_000;
/** Two readings at least this far apart must say that nothing runs and nothing will start. */
export const ABSENCE_PROOF_MS = 3_000;
/** After a forced end the process gets this long before it is killed. */
export const CUT_GRACE_MS = 10_000;
/** What is unknown, uncertain or failing for this long raises an alarm. */
export const ALARM_AFTER_MS = 60_000;
/** A lost state is told of for so long, even when no doubt is left. */
export const DOUBT_KEPT_MS = 3_600_000;
/** An operator's script has brought the media server within minutes; AWS replaces a node that does not serve after 15. */
export const SETUP_EXPECTED_MS = 600_000;
/** That calls were cut or lost is over at once; it is told of for so long. */
export const CALLS_TOLD_MS = 1_800_000;
/** The cloud takes a released machine within minutes. */
export const LEAVING_EXPECTED_MS = 600_000;
/** No retry waits longer than this. */
export const LONGEST_RETRY_MS = 60_000;

/** A status is written on change, but not more often than this. */
export const PUBLISH_GAP_MS = 1_000;
/** A hook opens some moments after the metadata say that the machine is to go. */
export const HOOK_OPENS_MS = 20_000;
/** A machine that boots fast may be ready before its hook is: until then "no hook" is no answer. */
export const READY_EXPECTED_MS = 600_000;

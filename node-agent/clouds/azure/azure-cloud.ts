import type { Imds } from '../../../fleet/azure/imds.ts';
import { describeError } from '../../../fleet/error.ts';
import { type SendHttp, sendHttp } from '../../../fleet/http.ts';
import type { ObjectStore } from '../../../fleet/object-store.ts';
import type { Registry } from '../../../fleet/registry.ts';
import type { Outcome } from '../../core/effect.ts';
import type { Cloud, FlagReading, MachineIdentity } from '../cloud.ts';
import { readMailbox } from '../mailbox.ts';
import { notWoken, wake } from '../wake.ts';
import { readInstance } from './instance.ts';
import { watchScheduledEvents } from './scheduled-events.ts';

export interface AzureCloudOptions {
  imds: Imds;
  registry: Pick<Registry, 'readDecision'>;
  /** Where the URL lies that wakes the runbook. */
  store: Pick<ObjectStore, 'get'>;
  runbook: { wakeUrlKey: string };
  send?: SendHttp;
  now?: () => number;
}

const PROTECTED_TAG = 'ebbtide-protected';
const RUNBOOK = 'the runbook';
const WAKE_TIMEOUT_MS = 10_000;

/** An instance of a scale set: its decision lies in the mailbox, and a runbook takes it away when it is empty. */
export function createAzureCloud(options: AzureCloudOptions): Cloud {
  const { imds, registry, store, runbook, send = sendHttp, now = Date.now } = options;
  let identity: MachineIdentity | undefined;

  async function identify(): Promise<MachineIdentity | undefined> {
    const reading = await readInstance(imds);
    if (reading.kind === 'unknown') return undefined;
    const { node, machine, zone, address } = reading;
    identity = { node, machine, zone, address };
    return identity;
  }

  async function readProtected(): Promise<FlagReading> {
    const reading = await readInstance(imds);
    if (reading.kind === 'unknown') return reading;
    const value = reading.tags.get(PROTECTED_TAG);
    return { kind: 'known', set: value !== undefined && value.toLowerCase() !== 'false' };
  }

  /** The URL is read afresh each time: a key of it that was renewed is in use at once, and it lies on no disk here. */
  async function wakeRunbook(): Promise<Outcome> {
    const key = runbook.wakeUrlKey;
    let url: string;
    try {
      const object = await store.get(key);
      if (object === undefined) return notWoken(RUNBOOK, `${key} is not there: deploy the stack again`);
      url = object.body.trim();
    } catch (cause) {
      return notWoken(RUNBOOK, `${key} cannot be read: ${describeError(cause)}`);
    }
    if (!URL.canParse(url)) return notWoken(RUNBOOK, `what ${key} holds is no URL: deploy the stack again`);
    return wake({ whom: RUNBOOK, url, urlIsSecret: true, timeoutMs: WAKE_TIMEOUT_MS, send });
  }

  return {
    identify,
    async readTarget() {
      if (identity === undefined)
        return { kind: 'unknown', reason: 'the machine does not know its name yet' };
      return readMailbox(registry, identity);
    },
    ...watchScheduledEvents(imds, () => identity?.node, now),
    readProtected,
    // A scale set counts a machine from its start, and what the runbook protects has no timer.
    ready: async () => ({ kind: 'done' }),
    hold: async () => ({ kind: 'done' }),
    release: wakeRunbook,
  };
}

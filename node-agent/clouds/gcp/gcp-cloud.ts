import { describeError } from '../../../fleet/error.ts';
import type { Metadata } from '../../../fleet/gcp/metadata.ts';
import { type SendHttp, sendHttp } from '../../../fleet/http.ts';
import { PROTECTED_KEY, saysProtected } from '../../../fleet/protection.ts';
import type { Registry } from '../../../fleet/registry.ts';
import type { Outcome } from '../../core/effect.ts';
import type { Cloud, FlagReading, MachineIdentity } from '../cloud.ts';
import { readMailbox } from '../mailbox.ts';
import { watchInterruptions } from './interruption.ts';
import { zoneOf } from './zone.ts';

export interface GcpCloudOptions {
  metadata: Metadata;
  registry: Pick<Registry, 'readDecision'>;
  pruner: { url: string };
  send?: SendHttp;
  now?: () => number;
}

/** The function may follow the deletion of this very machine to its end before it answers. */
const WAKE_TIMEOUT_MS = 120_000;

/** A machine of a managed instance group: its decision lies in the mailbox, and a function takes it away when it is empty. */
export function createGcpCloud(options: GcpCloudOptions): Cloud {
  const { metadata, registry, pruner, send = sendHttp, now = Date.now } = options;
  let identity: MachineIdentity | undefined;

  async function identify(): Promise<MachineIdentity | undefined> {
    const [name, id, zone, address] = await Promise.all(
      ['instance/name', 'instance/id', 'instance/zone', 'instance/network-interfaces/0/ip'].map((path) =>
        metadata.read(path),
      ),
    );
    if (name?.kind !== 'found' || id?.kind !== 'found') return undefined;
    if (zone?.kind !== 'found' || address?.kind !== 'found') return undefined;
    identity = { node: name.text, machine: id.text, zone: zoneOf(zone.text), address: address.text };
    return identity;
  }

  async function readProtected(): Promise<FlagReading> {
    const reading = await metadata.read(`instance/attributes/${PROTECTED_KEY}`);
    if (reading.kind === 'unknown') return reading;
    return { kind: 'known', set: saysProtected(reading.kind === 'found' ? reading.text : undefined) };
  }

  /** Wakes the function, which looks at the world for itself: this machine asks for nothing by name. */
  async function wake(): Promise<Outcome> {
    const failed = (problem: string): Outcome => ({
      kind: 'failed',
      problem: `waking the pruner: ${problem}`,
    });
    const token = await metadata.read('instance/service-accounts/default/identity', {
      parameters: { audience: pruner.url, format: 'full' },
    });
    if (token.kind === 'absent') return failed('this machine has no service account to call it with');
    if (token.kind === 'unknown') return failed(token.reason);
    try {
      const { status, body } = await send({
        method: 'POST',
        url: pruner.url,
        headers: { authorization: `Bearer ${token.text}`, 'content-type': 'application/json' },
        body: '{}',
        timeoutMs: WAKE_TIMEOUT_MS,
      });
      if (status >= 200 && status < 300) return { kind: 'done' };
      return failed(`${pruner.url} answered HTTP ${status}: ${body.toString().trim().slice(0, 200)}`);
    } catch (cause) {
      return failed(`${pruner.url}: ${describeError(cause)}`);
    }
  }

  return {
    identify,
    async readTarget() {
      if (identity === undefined)
        return { kind: 'unknown', reason: 'the machine does not know its name yet' };
      return readMailbox(registry, identity);
    },
    ...watchInterruptions(metadata, now),
    readProtected,
    // A group of this kind counts a machine from its start, and holds no timer over one that was taken out of it.
    ready: async () => ({ kind: 'done' }),
    hold: async () => ({ kind: 'done' }),
    release: wake,
  };
}

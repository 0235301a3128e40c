import type { Metadata } from '../../../fleet/gcp/metadata.ts';
import { type SendHttp, sendHttp } from '../../../fleet/http.ts';
import { PROTECTED_KEY, saysProtected } from '../../../fleet/protection.ts';
import type { Registry } from '../../../fleet/registry.ts';
import type { Outcome } from '../../core/effect.ts';
import type { Cloud, FlagReading, MachineIdentity } from '../cloud.ts';
import { readMailbox } from '../mailbox.ts';
import { notWoken, wake } from '../wake.ts';
import { watchInterruptions } from './interruption.ts';
import { zoneOf } from './zone.ts';

export interface GcpCloudOptions {
  metadata: Metadata;
  registry: Pick<Registry, 'readDecision'>;
  pruner: { url: string };
  send?: SendHttp;
  now?: () => number;
}

const PRUNER = 'the pruner';
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

  async function wakePruner(): Promise<Outcome> {
    const { url } = pruner;
    const token = await metadata.read('instance/service-accounts/default/identity', {
      parameters: { audience: url, format: 'full' },
    });
    if (token.kind === 'absent')
      return notWoken(PRUNER, 'this machine has no service account to call it with');
    if (token.kind === 'unknown') return notWoken(PRUNER, token.reason);
    const headers = { authorization: `Bearer ${token.text}` };
    return wake({ whom: PRUNER, url, urlIsSecret: false, headers, timeoutMs: WAKE_TIMEOUT_MS, send });
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
    release: wakePruner,
  };
}

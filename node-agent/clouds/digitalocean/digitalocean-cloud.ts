import type { DropletFile } from '../../../fleet/digitalocean/droplet-file.ts';
import { drainingTag, markInTags, PROTECTED_TAG } from '../../../fleet/digitalocean/tags.ts';
import { type SendHttp, sendHttp } from '../../../fleet/http.ts';
import type { Registry } from '../../../fleet/registry.ts';
import type { TargetReading } from '../../core/state.ts';
import type { Cloud, FlagReading, MachineIdentity } from '../cloud.ts';
import { readMailbox } from '../mailbox.ts';
import { wake } from '../wake.ts';
import { FACT_PATHS, type Metadata } from './metadata.ts';

export interface DigitalOceanCloudOptions {
  metadata: Metadata;
  registry: Pick<Registry, 'readDecision'>;
  droplet: Pick<DropletFile, 'node' | 'wake'>;
  pool: string;
  send?: SendHttp;
}

/** The orchestrator answers when its run is over, which may take what a function may take. */
const WAKE_TIMEOUT_MS = 60_000;

/**
 * A droplet that an orchestrator made: its decision lies in the mailbox, and the orchestrator takes it away when it is
 * empty. Its name is what it was given at its creation, as its key is for that name: a person may give it another.
 */
export function createDigitalOceanCloud(options: DigitalOceanCloudOptions): Cloud {
  const { metadata, registry, droplet, pool, send = sendHttp } = options;
  let identity: MachineIdentity | undefined;

  async function identify(): Promise<MachineIdentity | undefined> {
    const [machine, zone, address] = await Promise.all([
      metadata.read(FACT_PATHS.machine),
      metadata.read(FACT_PATHS.zone),
      metadata.read(FACT_PATHS.address),
    ]);
    if (machine.kind !== 'found' || zone.kind !== 'found' || address.kind !== 'found') return undefined;
    identity = { node: droplet.node, machine: machine.text, zone: zone.text, address: address.text };
    return identity;
  }

  /**
   * The mailbox alone is an order. The droplet's tags tell beside it that there is one: where they do and the mailbox does
   * not, it is read again, and what is wanted is unknown, which raises an alarm when it lasts. Tags that cannot be read
   * say nothing.
   */
  async function readTarget(): Promise<TargetReading> {
    if (identity === undefined)
      return { kind: 'unknown', reason: 'the machine does not know its own id yet' };
    const first = await readMailbox(registry, identity);
    if (first.kind === 'leave') return first;
    const mark = await readMark();
    if (mark === undefined) return first;
    const target = await readMailbox(registry, identity);
    if (target.kind === 'leave') return target;
    const mailbox =
      target.kind === 'stay' ? 'does not say so' : `cannot be read: ${target.reason ?? 'no reason given'}`;
    return { kind: 'unknown', reason: `the tag ${mark} says that it is to go, and its mailbox ${mailbox}` };
  }

  async function readMark(): Promise<string | undefined> {
    const reading = await metadata.readTags();
    if (reading.kind === 'unknown') return undefined;
    const draining = drainingTag(pool).toLowerCase();
    return reading.tags.find((tag) => tag.toLowerCase() === draining || markInTags([tag]) !== undefined);
  }

  async function readProtected(): Promise<FlagReading> {
    const reading = await metadata.readTags();
    if (reading.kind === 'unknown') return reading;
    return { kind: 'known', set: reading.tags.some((tag) => tag.toLowerCase() === PROTECTED_TAG) };
  }

  return {
    identify,
    readTarget,
    // DigitalOcean takes no machine away by itself, and tells nothing ahead.
    readInterruption: async () => ({ kind: 'none' }),
    readAdvice: async () => ({ kind: 'none' }),
    readProtected,
    // A droplet counts from its first word, and nobody holds a timer over it.
    ready: async () => ({ kind: 'done' }),
    hold: async () => ({ kind: 'done' }),
    release: () =>
      wake({
        whom: 'the orchestrator',
        url: droplet.wake.url,
        urlIsSecret: false,
        headers: { 'x-require-whisk-auth': droplet.wake.secret },
        timeoutMs: WAKE_TIMEOUT_MS,
        send,
      }),
  };
}

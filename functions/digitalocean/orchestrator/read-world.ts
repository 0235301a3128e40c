import { abortAfter, type Clock } from '../../../fleet/clock.ts';
import { ANNOUNCED } from '../../../fleet/digitalocean/announcement.ts';
import type { Droplets, ListedDroplet } from '../../../fleet/digitalocean/droplets.ts';
import { type DropletMachine, machinesOf } from '../../../fleet/digitalocean/pool-machines.ts';
import type { OrchestratorSettings } from '../../../fleet/digitalocean-function-settings.ts';
import { describeError } from '../../../fleet/error.ts';
import type { ObjectStore } from '../../../fleet/object-store.ts';
import { doubtOutdated } from '../../../fleet/outdated-words.ts';
import type { FleetReading, Registry } from '../../../fleet/registry.ts';
import { believeSigned } from '../../../fleet/signed-fleet.ts';
import type { AccountReading } from '../../level-triggered/growth.ts';
import {
  type AnnouncedReading,
  missingFrom,
  type NurseryReading,
  readNursery,
} from '../../level-triggered/newborns.ts';
import type { MachinesReading } from '../../level-triggered/world.ts';
import { LAST_WORDS_MS } from '../../watch/finding.ts';
import { MEMORY, NURSERY } from './steps.ts';
import type { Turn } from './turn.ts';
import type { OrchestratorWorld } from './world.ts';

export interface WorldTools {
  droplets: Pick<Droplets, 'list' | 'named' | 'readRoom'>;
  registry: Pick<Registry, 'readFleet' | 'readDecisions' | 'readMemory'>;
  store: Pick<ObjectStore, 'list'>;
  settings: OrchestratorSettings;
  clock: Clock;
  /** What was not read by then is unknown. */
  readBudgetMs: number;
}

/** What is remembered before all else, and decisions last: once this run has its turn, no other writes. Never rejects. */
export async function readWorld(tools: WorldTools, turn: Turn): Promise<OrchestratorWorld> {
  const { registry, clock, readBudgetMs } = tools;
  const patience = abortAfter(clock, readBudgetMs);
  const { signal } = patience;
  const [memory, nursery] = await Promise.all([
    registry.readMemory(MEMORY, signal),
    registry.readMemory(NURSERY, signal).then(readNursery),
  ]);
  const readFrom = clock.now();
  const reading = registry
    .readFleet(signal, { lastWordsWithinMs: LAST_WORDS_MS })
    .then((read) => doubtOutdated(believeSigned(read), readFrom, clock.now()));
  const [[machines, decisions], account, announced, fleet] = await Promise.all([
    readMachines(tools, nursery, reading, signal).then(async (found) => {
      const nodes = found.kind === 'known' ? found.machines.map(({ node }) => node) : [];
      return [found, await registry.readDecisions(new Set(nodes), signal)] as const;
    }),
    readAccount(tools, signal),
    readAnnounced(tools, signal),
    reading,
  ]);
  patience.letGo();
  return { turn, machines, decisions, account, announced, fleet, memory, nursery, now: clock.now() };
}

async function readMachines(
  { droplets, settings, clock }: WorldTools,
  nursery: NurseryReading,
  fleet: Promise<FleetReading>,
  signal: AbortSignal,
): Promise<MachinesReading<DropletMachine>> {
  try {
    const [listed, { nodes }] = await Promise.all([droplets.list(signal), fleet]);
    const births = nursery.kind === 'known' ? nursery.nursery.births : [];
    const seen = listed.map(({ name }) => ({ node: name }));
    // Tags come after a droplet has been made, or do not come; and whoever speaks is there, though its tag be lost.
    const speaking = [...nodes].filter(([, { kind }]) => kind === 'fresh').map(([node]) => ({ node }));
    const missing = missingFrom(seen, [...births, ...speaking]);
    const byName = await droplets.named(new Set(missing.map(({ node }) => node)), signal);
    const all = new Map<number, ListedDroplet>();
    for (const droplet of [...byName, ...listed]) all.set(droplet.id, droplet);
    const off = nursery.kind === 'known' ? nursery.nursery.off : undefined;
    return { kind: 'known', machines: machinesOf([...all.values()], settings.pool, off, clock.now()) };
  } catch (cause) {
    return { kind: 'unknown', reason: describeError(cause) };
  }
}

async function readAnnounced({ store }: WorldTools, signal: AbortSignal): Promise<AnnouncedReading> {
  const nodes = new Set<string>();
  try {
    for await (const page of store.list(ANNOUNCED, signal))
      for (const { key } of page) nodes.add(key.slice(ANNOUNCED.length, -'.json'.length));
    return { kind: 'known', nodes };
  } catch (cause) {
    return { kind: 'unknown', reason: describeError(cause) };
  }
}

async function readAccount({ droplets }: WorldTools, signal: AbortSignal): Promise<AccountReading> {
  try {
    const { limit, used } = await droplets.readRoom(signal);
    return { kind: 'known', room: limit - used };
  } catch (cause) {
    return { kind: 'unknown', reason: describeError(cause) };
  }
}

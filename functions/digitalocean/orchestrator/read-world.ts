import { abortAfter, type Clock } from '../../../fleet/clock.ts';
import type { Droplets, ListedDroplet } from '../../../fleet/digitalocean/droplets.ts';
import type { OrchestratorSettings } from '../../../fleet/digitalocean-function-settings.ts';
import { describeError } from '../../../fleet/error.ts';
import { doubtOutdated } from '../../../fleet/outdated-words.ts';
import type { Registry } from '../../../fleet/registry.ts';
import type { AccountReading } from '../../level-triggered/growth.ts';
import { missingBirths, type NurseryReading, readNursery } from '../../level-triggered/newborns.ts';
import type { MachinesReading } from '../../level-triggered/world.ts';
import { type DropletMachine, machinesOf } from './machines.ts';
import { MEMORY, NURSERY } from './steps.ts';
import type { Turn } from './turn.ts';
import type { OrchestratorWorld } from './world.ts';

export interface WorldTools {
  droplets: Pick<Droplets, 'list' | 'named' | 'readRoom'>;
  registry: Pick<Registry, 'readFleet' | 'readDecisions' | 'readMemory'>;
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
  const [[machines, decisions], account, fleet] = await Promise.all([
    readMachines(tools, nursery, signal).then(async (reading) => {
      const nodes = reading.kind === 'known' ? reading.machines.map(({ node }) => node) : [];
      return [reading, await registry.readDecisions(new Set(nodes), signal)] as const;
    }),
    readAccount(tools, signal),
    registry.readFleet(signal).then((read) => doubtOutdated(read, readFrom, clock.now())),
  ]);
  patience.letGo();
  return { turn, machines, decisions, account, fleet, memory, nursery, now: clock.now() };
}

async function readMachines(
  { droplets, settings, clock }: WorldTools,
  nursery: NurseryReading,
  signal: AbortSignal,
): Promise<MachinesReading<DropletMachine>> {
  try {
    const listed = await droplets.list(signal);
    const births = nursery.kind === 'known' ? nursery.nursery.births : [];
    const missing = missingBirths(
      births,
      listed.map(({ name }) => ({ node: name })),
    );
    // Tags come after a droplet has been made, or do not come.
    const byName = await Promise.all(missing.map(({ node }) => droplets.named(node, signal)));
    const all = new Map<number, ListedDroplet>();
    for (const droplet of [...byName.flat(), ...listed]) all.set(droplet.id, droplet);
    return { kind: 'known', machines: machinesOf([...all.values()], settings.pool, nursery, clock.now()) };
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

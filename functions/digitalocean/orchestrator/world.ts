import type { DropletMachine } from '../../../fleet/digitalocean/pool-machines.ts';
import type { AccountReading } from '../../level-triggered/growth.ts';
import type { AnnouncedReading, NurseryReading } from '../../level-triggered/newborns.ts';
import type { PoolWorld } from '../../level-triggered/world.ts';
import type { Turn } from './turn.ts';

/** All that one run knows. */
export interface OrchestratorWorld extends Omit<PoolWorld<DropletMachine>, 'recommendation'> {
  turn: Turn;
  nursery: NurseryReading;
  announced: AnnouncedReading;
  account: AccountReading;
}

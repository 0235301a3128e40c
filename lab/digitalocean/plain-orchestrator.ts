import { poolTag } from '../../fleet/digitalocean/tags.ts';
import { fillUserData } from '../../fleet/digitalocean/user-data.ts';
import { deriveStatusKey } from '../../fleet/status-signature.ts';
import type { CloudClock } from '../cloud/clock.ts';
import { runEvery } from '../cloud/run-every.ts';
import type { Deployed } from './deployed.ts';
import type { Droplet } from './droplets/droplet.ts';
import type { Droplets } from './droplets/droplets.ts';

export interface PlainOrchestratorOptions {
  clock: CloudClock;
  droplets: Droplets;
  deployed(): Deployed | undefined;
  /** An object of the pool, as text. */
  read(bucket: string, key: string): string | undefined;
}

const MINUTE_MS = 60_000;
/** The load must be low at so many looks: a dip does not count. */
const LOW_LOOKS = 2;

/**
 * The control: as anybody would write it who knows nothing of calls. Each minute it makes what the mean of the
 * processors asks for, or deletes the droplet with the least to do. The answer ends it.
 */
export function beginPlainOrchestrator(options: PlainOrchestratorOptions): () => void {
  const { clock, droplets, deployed, read } = options;
  let low = 0;

  function make({ settings, poolSecret }: Deployed): void {
    const { pool, region, droplet, buckets, userData } = settings;
    const name = `${poolTag(pool)}-control${droplets.all().length + 1}`;
    const template = read(buckets.code, userData.key);
    if (template === undefined) throw new Error(`there is no ${userData.key} in ${buckets.code}`);
    droplets.create(
      {
        name,
        region,
        size: droplet.size,
        image: droplet.image,
        vpc: droplet.vpc,
        monitoring: false,
        userData: fillUserData(template, { node: name, statusKey: deriveStatusKey(poolSecret, name) }),
        tags: [poolTag(pool)],
      },
      'a plain orchestrator',
    );
  }

  function take(droplet: Droplet): void {
    const cause = 'it has the least to do';
    droplets.decide(droplet, { scaleIn: true, cause });
    droplets.delete(droplet, cause);
  }

  async function look(): Promise<void> {
    const orchestrator = deployed();
    if (orchestrator === undefined) return;
    const { min, max, targetCpu = 1 } = orchestrator.settings;
    const present = droplets.present().filter(({ stoppedAt }) => stoppedAt === undefined);
    const load = present.reduce((sum, { machine }) => sum + (machine?.cpu() ?? 0) / 100, 0);
    const wanted = Math.min(max, Math.max(min, Math.ceil(load / targetCpu)));
    low = wanted < present.length ? low + 1 : 0;
    for (let count = present.length; count < wanted; count += 1) make(orchestrator);
    // What comes up has no load yet that would say anything.
    if (low < LOW_LOOKS || present.some(({ booted }) => !booted)) return;
    const [least] = present.sort((one, other) => (one.machine?.cpu() ?? 0) - (other.machine?.cpu() ?? 0));
    if (least !== undefined) take(least);
  }

  return runEvery(MINUTE_MS, look, clock);
}

import type { Standing } from '../../cloud/events.ts';
import type { KeptInstance } from '../../cloud/machines.ts';

/** What a droplet is asked to be. */
export interface DropletSpec {
  name: string;
  region: string;
  size: string;
  image: string | number;
  vpc: string | undefined;
  monitoring: boolean;
  userData: string;
  tags: readonly string[];
}

/** One virtual machine. Its name may be another's too, its number never. */
export interface Droplet extends KeptInstance {
  readonly id: number;
  readonly spec: DropletSpec;
  /** Real time, ms since the epoch. */
  readonly createdAt: number;
  status: 'new' | 'active' | 'off';
  tags: readonly string[];
}

export function createDroplet(
  spec: DropletSpec,
  { id, createdAt, launchedAt }: Pick<Droplet, 'id' | 'createdAt' | 'launchedAt'>,
): Droplet {
  const { name, tags } = spec;
  return {
    id,
    spec,
    name,
    createdAt,
    launchedAt,
    status: 'new',
    tags,
    booted: false,
    decided: false,
    isGone: false,
  };
}

/** Where it stands, as every cloud would say it. */
export function standingOf({ stoppedAt, isGone, decided, tags, booted }: Droplet): Standing {
  if (stoppedAt !== undefined) return 'gone';
  if (isGone) return 'leaving';
  if (decided) return 'draining';
  if (tags.some((tag) => tag.endsWith('-draining'))) return 'kept';
  return booted ? 'serving' : 'booting';
}

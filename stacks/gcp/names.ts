import { sha256Of } from '../bundle.ts';
import { globalName } from '../global-name.ts';

/**
 * The names of a pool's things on GCP. They are fixed, not generated, but for roles: rights name things before they
 * exist. `existing`: of the operator's own group, which has its names already. What is the whole project's carries the region too, so that another region can have a pool of the same name.
 */
export function gcpNames(
  pool: string,
  { project, region }: { project: string; region: string },
  existing?: ExistingNames,
) {
  const name = `ebbtide-${pool}`;
  const account = (role: string) => globalName(`${name}-${role}`, region, MOST_OF_ACCOUNT);
  const ofProject = (role: string) => globalName(`${name}-${role}`, region, MOST_OF_NAME);
  return {
    group: existing?.group ?? name,
    /** A group puts a hyphen and four letters behind it. */
    instanceBase: existing?.instanceBase ?? name,
    templatePrefix: `${name}-`,
    autoscaler: existing?.autoscaler ?? name,
    pruner: `${name}-pruner`,
    schedule: `${name}-pruner`,
    network: globalName(name, region, MOST_OF_NAME),
    subnet: name,
    firewall: ofProject,
    nodeAccount: account('node'),
    prunerAccount: account('prune'),
    schedulerAccount: account('wake'),
    builderAccount: account('build'),
    /**
     * Ids of roles take no hyphens. `birth`: of a role that was deleted Google keeps the id for weeks, so that a pool which
     * is made again needs another.
     */
    role: (what: string, birth: string) =>
      `${globalName(`${name}-${what}`, region, MOST_OF_ROLE).replaceAll('-', '_')}_${birth}`,
    secret: ofProject,
    metric: ofProject,
    /** What the names of the pool's log-based metrics begin with. */
    metricPrefix: `${LOG_METRICS}${name}-`,
    /** All the world's buckets share one space of names. */
    bucket: `${name}-${sha256Of(`${project}/${region}/${pool}`).slice(0, 10)}`,
    images: name,
  };
}

/** Of a group that has no autoscaler nothing reads any. */
interface ExistingNames {
  group: string;
  instanceBase: string;
  autoscaler: string | undefined;
}

/** Where Google has the metrics that it makes of a log. */
export const LOG_METRICS = 'logging.googleapis.com/user/';

export type GcpNames = ReturnType<typeof gcpNames>;

const MOST_OF_ACCOUNT = 30;
/** 64, of which a birth takes nine. */
const MOST_OF_ROLE = 55;
/** Of most names on GCP. */
const MOST_OF_NAME = 63;

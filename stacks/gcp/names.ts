import { globalName } from '../global-name.ts';

/**
 * The names of a pool's things on GCP. They are fixed, not generated: rights name things before they exist. What is the
 * whole project's carries the region too, so that another region can have a pool of the same name.
 */
export function gcpNames(pool: string, region: string) {
  const name = `ebbtide-${pool}`;
  const account = (role: string) => globalName(`${name}-${role}`, region, MOST_OF_ACCOUNT);
  const ofProject = (role: string) => globalName(`${name}-${role}`, region, MOST_OF_NAME);
  return {
    group: name,
    /** A group puts a hyphen and four letters behind it. */
    instanceBase: name,
    templatePrefix: `${name}-`,
    autoscaler: name,
    pruner: `${name}-pruner`,
    schedule: `${name}-pruner`,
    network: globalName(name, region, MOST_OF_NAME),
    subnet: name,
    /** The network tag that firewall rules aim at. */
    nodeTag: globalName(name, region, MOST_OF_NAME),
    firewall: ofProject,
    nodeAccount: account('node'),
    prunerAccount: account('prune'),
    schedulerAccount: account('wake'),
    builderAccount: account('build'),
    /** Ids of roles take no hyphens. */
    role: (what: string) => ofProject(what).replaceAll('-', '_'),
    secret: ofProject,
    metric: ofProject,
    bucket: name,
  };
}

export type GcpNames = ReturnType<typeof gcpNames>;

/** On every machine and object of the pool that takes labels. */
export const POOL_LABEL = 'ebbtide-pool';

const MOST_OF_ACCOUNT = 30;
/** Of most names on GCP. */
const MOST_OF_NAME = 63;

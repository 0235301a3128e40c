import { globalName } from '../global-name.ts';

/**
 * The names of a pool's things on AWS. `existingGroup`: the operator's own, which has its name already. The others are fixed, not generated: rights name the group before it exists, since the
 * nodes need them to complete the launch hook that the group's creation waits for.
 */
export function awsNames(pool: string, region: string, existingGroup?: string) {
  const name = `ebbtide-${pool}`;
  const terminationPolicy = `${name}-termination-policy`;
  const watcher = `${name}-watcher`;
  return {
    group: existingGroup ?? name,
    /** What everything is named after that is seen beside the group. */
    pool: name,
    launchHook: `${name}-launch`,
    terminateHook: `${name}-terminate`,
    nodeRole: globalName(`${name}-node`, region, MOST_OF_ROLE),
    terminationPolicy,
    terminationPolicyRole: globalName(terminationPolicy, region, MOST_OF_ROLE),
    watcher,
    watcherRole: globalName(watcher, region, MOST_OF_ROLE),
    groupRoleSuffix: globalName(name, region, MOST_OF_GROUP_ROLE_SUFFIX),
    bucketPrefix: `${name}-`,
    keysParameter: `/ebbtide/${pool}/keys`,
    redisParameter: `/ebbtide/${pool}/redis`,
    metricNamespace: `Ebbtide/${pool}`,
  };
}

export type AwsNames = ReturnType<typeof awsNames>;

const MOST_OF_ROLE = 64;
/** What is left of a role's name after `AWSServiceRoleForAutoScaling_`. */
export const MOST_OF_GROUP_ROLE_SUFFIX = MOST_OF_ROLE - 'AWSServiceRoleForAutoScaling_'.length;

/**
 * The names of a pool's things on AWS. They are fixed, not generated: rights name the group before it exists, since the
 * nodes need them to complete the launch hook that the group's creation waits for.
 */
export function awsNames(pool: string) {
  const name = `ebbtide-${pool}`;
  return {
    group: name,
    launchHook: `${name}-launch`,
    terminateHook: `${name}-terminate`,
    nodeRole: `${name}-node`,
    terminationPolicy: `${name}-termination-policy`,
    watcher: `${name}-watcher`,
    bucketPrefix: `${name}-`,
    keysParameter: `/ebbtide/${pool}/keys`,
    redisParameter: `/ebbtide/${pool}/redis`,
    metricNamespace: `Ebbtide/${pool}`,
  };
}

export type AwsNames = ReturnType<typeof awsNames>;

/** A target group that is there before the program runs, behind a load balancer of its own (for `network.balancers`). */
export interface ExistingTargetGroup {
  arn: string;
  port: number;
  protocol: 'HTTP' | 'TCP';
  healthCheck: { port: string; path: string };
}

/** Who is in a target group: instances by their ids, each with the port that it was registered with. */
export interface TargetGroups {
  /** undefined: there is no such group. */
  targets(arn: string): ReadonlyMap<string, number> | undefined;
  register(arn: string, instance: string, port: number | undefined): void;
  deregister(arn: string, instance: string): void;
}

export function createTargetGroups(groups: () => readonly ExistingTargetGroup[]): TargetGroups {
  const registered = new Map<string, Map<string, number>>();
  const portOf = (arn: string) => groups().find((group) => group.arn === arn)?.port;

  return {
    targets(arn) {
      return portOf(arn) === undefined ? undefined : (registered.get(arn) ?? new Map());
    },
    register(arn, instance, port) {
      const targets = registered.get(arn) ?? new Map<string, number>();
      targets.set(instance, port ?? portOf(arn) ?? 0);
      registered.set(arn, targets);
    },
    deregister(arn, instance) {
      registered.get(arn)?.delete(instance);
    },
  };
}

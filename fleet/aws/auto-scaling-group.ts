import * as v from 'valibot';
import type { AwsClient } from './client.ts';
import { callQuery, memberList } from './query.ts';

/** A machine as its group sees it. */
export interface GroupMachine {
  node: string;
  zone: string;
  /** `InService`, `Pending:Wait`, `Terminating:Wait`, `Terminating:Retained`, … */
  lifecycleState: string;
}

/** A group as AWS describes it. */
export interface GroupState {
  sizes: { min: number; max: number; desired: number };
  /** A leaving machine whose hook nobody answers is kept, outside of the sizes. */
  retains: boolean;
  machines: GroupMachine[];
}

/** One group, as far as it is read and its machines are ended. */
export interface AutoScalingGroup {
  /** All of it, to the last page; undefined where AWS says that there is no such group. Rejects when it cannot be read. */
  read(): Promise<GroupState | undefined>;
  /** Every machine of the group, to the last page. Rejects when it cannot be read, and where there is no such group. */
  readMachines(): Promise<GroupMachine[]>;
  /**
   * Ends a machine, once its hook is completed. The desired size is left alone (a retained machine is outside of it), or
   * becomes smaller by one with `decrement`, which AWS refuses at the group's minimum. Safe to repeat without that.
   */
  terminate(node: string, decrement?: boolean): Promise<void>;
}

const size = v.pipe(v.string(), v.regex(/^\d+$/), v.transform(Number));
/** Without members it is an empty element. */
const lifecyclePolicy = v.union([
  v.literal(''),
  v.object({
    RetentionTriggers: v.optional(
      v.union([v.literal(''), v.object({ TerminateHookAbandon: v.optional(v.string()) })]),
    ),
  }),
]);

const describedSchema = v.object({
  AutoScalingGroups: memberList(
    v.object({
      AutoScalingGroupName: v.string(),
      MinSize: size,
      MaxSize: size,
      DesiredCapacity: size,
      InstanceLifecyclePolicy: v.optional(lifecyclePolicy),
      Instances: v.optional(
        memberList(
          v.object({
            InstanceId: v.string(),
            AvailabilityZone: v.string(),
            LifecycleState: v.string(),
          }),
        ),
        '',
      ),
    }),
  ),
  NextToken: v.optional(v.string()),
});

export function createAutoScalingGroup(client: AwsClient, name: string): AutoScalingGroup {
  async function read(): Promise<GroupState | undefined> {
    let found: GroupState | undefined;
    let token: string | undefined;
    do {
      const page = await callQuery(
        client,
        'autoscaling',
        'DescribeAutoScalingGroups',
        { AutoScalingGroupNames: [name], ...(token ? { NextToken: token } : {}) },
        describedSchema,
      );
      for (const group of page.AutoScalingGroups) {
        if (group.AutoScalingGroupName !== name) continue;
        const machines = group.Instances.map(({ InstanceId, AvailabilityZone, LifecycleState }) => ({
          node: InstanceId,
          zone: AvailabilityZone,
          lifecycleState: LifecycleState,
        }));
        found = { ...stateOf(group), machines: [...(found?.machines ?? []), ...machines] };
      }
      token = page.NextToken;
    } while (token);
    return found;
  }

  async function readMachines(): Promise<GroupMachine[]> {
    const found = await read();
    if (found === undefined) throw new Error(`there is no Auto Scaling group ${name}`);
    return found.machines;
  }

  async function terminate(node: string, decrement = false): Promise<void> {
    await callQuery(
      client,
      'autoscaling',
      'TerminateInstanceInAutoScalingGroup',
      { InstanceId: node, ShouldDecrementDesiredCapacity: decrement },
      v.object({}),
    );
  }

  return { read, readMachines, terminate };
}

type Described = v.InferOutput<typeof describedSchema>['AutoScalingGroups'][number];

function stateOf({ MinSize, MaxSize, DesiredCapacity, InstanceLifecyclePolicy }: Described) {
  const triggers = InstanceLifecyclePolicy === '' ? undefined : InstanceLifecyclePolicy?.RetentionTriggers;
  return {
    sizes: { min: MinSize, max: MaxSize, desired: DesiredCapacity },
    retains: typeof triggers === 'object' && triggers.TerminateHookAbandon === 'retain',
  };
}

import * as v from 'valibot';
import type { AwsClient } from '../../fleet/aws/client.ts';
import { callQuery, memberList } from '../../fleet/aws/query.ts';

/** A machine as its group sees it. */
export interface GroupMachine {
  node: string;
  zone: string;
  /** `InService`, `Pending:Wait`, `Terminating:Wait`, `Terminating:Retained`, … */
  lifecycleState: string;
}

/** The calls to Auto Scaling that a function makes. */
export interface AutoScalingGroup {
  /** Every machine of the group, to the last page. Rejects when it cannot be read, and where there is no such group. */
  readMachines(): Promise<GroupMachine[]>;
  /** Ends a machine and leaves the desired size alone (a retained machine is outside of it). Safe to repeat. */
  terminate(node: string): Promise<void>;
}

const describedSchema = v.object({
  AutoScalingGroups: memberList(
    v.object({
      AutoScalingGroupName: v.string(),
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
  async function readMachines(): Promise<GroupMachine[]> {
    const machines: GroupMachine[] = [];
    let found = false;
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
        found = true;
        for (const { InstanceId, AvailabilityZone, LifecycleState } of group.Instances) {
          machines.push({ node: InstanceId, zone: AvailabilityZone, lifecycleState: LifecycleState });
        }
      }
      token = page.NextToken;
    } while (token);
    if (!found) throw new Error(`there is no Auto Scaling group ${name}`);
    return machines;
  }

  async function terminate(node: string): Promise<void> {
    await callQuery(
      client,
      'autoscaling',
      'TerminateInstanceInAutoScalingGroup',
      { InstanceId: node, ShouldDecrementDesiredCapacity: false },
      v.object({}),
    );
  }

  return { readMachines, terminate };
}

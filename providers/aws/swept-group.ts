import * as v from 'valibot';
import { type AutoScalingGroup, createAutoScalingGroup } from '../../fleet/aws/auto-scaling-group.ts';
import type { AwsClient } from '../../fleet/aws/client.ts';
import { callQuery, type QueryValue } from '../../fleet/aws/query.ts';

/** What a sweep does to a group, each safe to repeat. */
export interface SweptGroup extends Pick<AutoScalingGroup, 'read' | 'terminate'> {
  askForNone(): Promise<void>;
  stopRetaining(): Promise<void>;
  /** Answers the machine's terminate hook with CONTINUE. */
  complete(node: string): Promise<void>;
}

export function createSweptGroup(client: AwsClient, name: string, terminateHook: string): SweptGroup {
  const { read, terminate } = createAutoScalingGroup(client, name);
  async function call(action: string, members: { [name: string]: QueryValue }): Promise<void> {
    await callQuery(client, 'autoscaling', action, { AutoScalingGroupName: name, ...members }, v.object({}));
  }
  return {
    read,
    terminate,
    askForNone: () => call('UpdateAutoScalingGroup', { MinSize: 0, MaxSize: 0, DesiredCapacity: 0 }),
    stopRetaining: () =>
      call('UpdateAutoScalingGroup', {
        InstanceLifecyclePolicy: { RetentionTriggers: { TerminateHookAbandon: 'terminate' } },
      }),
    complete: (node) =>
      call('CompleteLifecycleAction', {
        LifecycleHookName: terminateHook,
        InstanceId: node,
        LifecycleActionResult: 'CONTINUE',
      }),
  };
}

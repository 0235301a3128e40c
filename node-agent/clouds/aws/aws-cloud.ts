import * as v from 'valibot';
import { type AwsClient, AwsError } from '../../../fleet/aws/client.ts';
import { callQuery } from '../../../fleet/aws/query.ts';
import { describeError } from '../../../fleet/error.ts';
import { saysProtected } from '../../../fleet/protection.ts';
import type { Outcome } from '../../core/effect.ts';
import type { TargetReading } from '../../core/state.ts';
import type { AdviceReading, Cloud, FlagReading, InterruptionReading, MachineIdentity } from '../cloud.ts';
import type { Metadata } from './metadata.ts';

export interface AwsCloudOptions {
  metadata: Metadata;
  client: AwsClient;
  group: string;
  launchHook: string | undefined;
  terminateHook: string;
  /** The ARNs of those that are to bring it people's signalling. */
  targetGroups: readonly string[];
}

const PROTECTED_TAG = 'ebbtide:protected';
const interruptionSchema = v.object({ action: v.string(), time: v.pipe(v.string(), v.isoTimestamp()) });
const empty = v.object({});
const NAMELESS: Outcome = { kind: 'failed', problem: 'the machine does not know its own id yet' };

/** An EC2 instance in an Auto Scaling group: instance metadata tells, lifecycle actions hold and release. */
export function createAwsCloud(options: AwsCloudOptions): Cloud {
  const { metadata, client, group } = options;
  let identity: MachineIdentity | undefined;

  async function identify(): Promise<MachineIdentity | undefined> {
    const [node, zone, address] = await Promise.all(
      ['instance-id', 'placement/availability-zone', 'local-ipv4'].map((path) => metadata.read(path)),
    );
    if (node?.kind !== 'found' || zone?.kind !== 'found' || address?.kind !== 'found') return undefined;
    identity = { node: node.text, zone: zone.text, address: address.text };
    return identity;
  }

  async function readTarget(): Promise<TargetReading> {
    const reading = await metadata.read('autoscaling/target-lifecycle-state');
    switch (reading.kind) {
      case 'found':
        // Detached, Standby and the warm states leave the machine where it is.
        return { kind: reading.text === 'Terminated' ? 'leave' : 'stay' };
      case 'absent':
        // A brand-new instance has no target yet. An old one that loses it is not told to leave.
        return { kind: 'unknown', reason: 'the metadata service has no target lifecycle state' };
      case 'unknown':
        return reading;
    }
  }

  async function readInterruption(): Promise<InterruptionReading> {
    const reading = await metadata.read('spot/instance-action');
    if (reading.kind === 'absent') return { kind: 'none' };
    if (reading.kind === 'unknown') return reading;
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), interruptionSchema), reading.text);
    if (!parsed.success)
      return { kind: 'unknown', reason: `spot/instance-action: ${v.summarize(parsed.issues)}` };
    return { kind: 'interrupted', deadline: Date.parse(parsed.output.time), by: 'spot-interruption' };
  }

  async function readAdvice(): Promise<AdviceReading> {
    const reading = await metadata.read('events/recommendations/rebalance');
    if (reading.kind === 'unknown') return reading;
    if (reading.kind === 'absent') return { kind: 'none' };
    return { kind: 'advised', text: 'the cloud recommends to leave this spot machine' };
  }

  async function readProtected(): Promise<FlagReading> {
    const reading = await metadata.read(`tags/instance/${PROTECTED_TAG}`);
    if (reading.kind === 'unknown') return reading;
    return { kind: 'known', set: saysProtected(reading.kind === 'found' ? reading.text : undefined) };
  }

  /**
   * The node does it, and not its group: a group takes a machine that is to leave out of its target groups before it opens
   * the hook, and a balancer then ends the connections that are left after an hour at most. Of a node that drains and stays in,
   * its health says that it takes no new ones.
   */
  async function target(action: 'RegisterTargets' | 'DeregisterTargets'): Promise<Outcome> {
    const { targetGroups } = options;
    if (targetGroups.length === 0) return { kind: 'done' };
    if (identity === undefined) return NAMELESS;
    const Targets = [{ Id: identity.node }];
    try {
      for (const TargetGroupArn of targetGroups)
        await callQuery(client, 'elasticloadbalancing', action, { TargetGroupArn, Targets }, empty);
      return { kind: 'done' };
    } catch (cause) {
      return { kind: 'failed', problem: describeError(cause) };
    }
  }

  async function lifecycle(
    action: string,
    hook: string,
    more: Record<string, string> = {},
  ): Promise<Outcome> {
    if (identity === undefined) return NAMELESS;
    const input = {
      LifecycleHookName: hook,
      AutoScalingGroupName: group,
      InstanceId: identity.node,
      ...more,
    };
    try {
      await callQuery(client, 'autoscaling', action, input, empty);
      return { kind: 'done' };
    } catch (cause) {
      if (
        cause instanceof AwsError &&
        cause.code === 'ValidationError' &&
        /no active lifecycle action/i.test(cause.message)
      ) {
        return { kind: 'nothing-to-do', text: cause.message };
      }
      return { kind: 'failed', problem: describeError(cause) };
    }
  }

  return {
    identify,
    readTarget,
    readInterruption,
    readAdvice,
    readProtected,
    async ready() {
      const registered = await target('RegisterTargets');
      if (registered.kind !== 'done') return registered;
      if (options.launchHook === undefined) return { kind: 'done' };
      return lifecycle('CompleteLifecycleAction', options.launchHook, { LifecycleActionResult: 'CONTINUE' });
    },
    hold: () => lifecycle('RecordLifecycleActionHeartbeat', options.terminateHook),
    async release() {
      // Whatever comes of it: the balancer sees by itself that a machine has ended.
      await target('DeregisterTargets');
      return lifecycle('CompleteLifecycleAction', options.terminateHook, {
        LifecycleActionResult: 'CONTINUE',
      });
    },
  };
}

import { randomUUID } from 'node:crypto';
import { ApiError, malformed } from '../../cloud/api-error.ts';
import type { Instance } from '../instance.ts';
import type { Hook } from '../lifecycle.ts';
import type { Group } from '../model.ts';
import { AUTO_SCALING_REQUESTS } from '../requests.ts';
import type { ScalingGroup } from '../scaling-group.ts';
import { type Answer, type Caller, operation, type Service } from './api.ts';
import { queryAnswer, queryError, readQuery } from './query.ts';
import type { XmlValue } from './xml.ts';

const NAMESPACE = 'http://autoscaling.amazonaws.com/doc/2011-01-01/';
const DEFAULT_PAGE = 50;

/** Auto Scaling as far as the program uses it. `begunAt`: real time, ms since the epoch. */
export function createAutoScaling(groups: () => readonly ScalingGroup[], begunAt: number): Service {
  function groupNamed(name: string): ScalingGroup {
    const found = groups().find(({ group }) => group.name === name);
    if (!found) throw invalid(`Group ${name} not found`);
    return found;
  }

  function groupOf(instance: string): ScalingGroup {
    const found = groups().find((group) => group.find(instance));
    if (!found)
      throw invalid(`Instance Id not found - No managed instance found for instance ID: ${instance}`);
    return found;
  }

  function changed(
    action: string,
    { AutoScalingGroupName }: { AutoScalingGroupName: string },
    caller: Caller,
    change: (group: Group) => Partial<Group>,
  ): Answer {
    const scaling = groupNamed(AutoScalingGroupName);
    caller.authorise(`autoscaling:${action}`, scaling.group.arn);
    const why = scaling.change(change(scaling.group));
    if (why !== undefined) throw invalid(why);
    return queryAnswer(action, NAMESPACE, undefined);
  }

  const operations = {
    CompleteLifecycleAction: operation(AUTO_SCALING_REQUESTS.CompleteLifecycleAction, (input, caller) => {
      const scaling = groupNamed(input.AutoScalingGroupName);
      caller.authorise('autoscaling:CompleteLifecycleAction', scaling.group.arn);
      refuseWhere(
        scaling.complete({
          instance: instanceOf(input, scaling),
          hook: input.LifecycleHookName,
          token: input.LifecycleActionToken,
          result: input.LifecycleActionResult,
        }),
        input.InstanceId,
      );
      return queryAnswer('CompleteLifecycleAction', NAMESPACE, {});
    }),

    RecordLifecycleActionHeartbeat: operation(
      AUTO_SCALING_REQUESTS.RecordLifecycleActionHeartbeat,
      (input, caller) => {
        const scaling = groupNamed(input.AutoScalingGroupName);
        caller.authorise('autoscaling:RecordLifecycleActionHeartbeat', scaling.group.arn);
        refuseWhere(
          scaling.heartbeat({
            instance: instanceOf(input, scaling),
            hook: input.LifecycleHookName,
            token: input.LifecycleActionToken,
          }),
          input.InstanceId,
        );
        return queryAnswer('RecordLifecycleActionHeartbeat', NAMESPACE, {});
      },
    ),

    DescribeAutoScalingGroups: operation(AUTO_SCALING_REQUESTS.DescribeAutoScalingGroups, (input, caller) => {
      caller.authorise('autoscaling:DescribeAutoScalingGroups', '*');
      const named = groups().filter(({ group }) => input.AutoScalingGroupNames?.includes(group.name) ?? true);
      const page = pageOf(named, input.NextToken, input.MaxRecords ?? DEFAULT_PAGE);
      return queryAnswer('DescribeAutoScalingGroups', NAMESPACE, {
        AutoScalingGroups: page.members.map((each) =>
          describeGroup(each, begunAt, input.IncludeInstances ?? true),
        ),
        NextToken: page.next,
      });
    }),

    UpdateAutoScalingGroup: operation(AUTO_SCALING_REQUESTS.UpdateAutoScalingGroup, (input, caller) => {
      const scaling = groupNamed(input.AutoScalingGroupName);
      caller.authorise('autoscaling:UpdateAutoScalingGroup', scaling.group.arn);
      const retention = input.InstanceLifecyclePolicy?.RetentionTriggers?.TerminateHookAbandon;
      const why = scaling.change({
        ...(input.MinSize === undefined ? {} : { min: input.MinSize }),
        ...(input.MaxSize === undefined ? {} : { max: input.MaxSize }),
        ...(input.DesiredCapacity === undefined ? {} : { desired: input.DesiredCapacity }),
        ...(retention === undefined ? {} : { terminateHookAbandon: retention }),
        ...(input.TerminationPolicies === undefined
          ? {}
          : { terminationPolicies: input.TerminationPolicies }),
      });
      if (why !== undefined) throw invalid(why);
      return queryAnswer('UpdateAutoScalingGroup', NAMESPACE, undefined);
    }),

    DescribeLifecycleHooks: operation(AUTO_SCALING_REQUESTS.DescribeLifecycleHooks, (input, caller) => {
      caller.authorise('autoscaling:DescribeLifecycleHooks', '*');
      const { group } = groupNamed(input.AutoScalingGroupName);
      return queryAnswer('DescribeLifecycleHooks', NAMESPACE, {
        LifecycleHooks: group.hooks.map((hook) => describeHook(hook, group.name)),
      });
    }),

    SuspendProcesses: operation(AUTO_SCALING_REQUESTS.SuspendProcesses, (input, caller) =>
      changed('SuspendProcesses', input, caller, ({ suspended }) => ({
        suspended: [...new Set([...suspended, ...input.ScalingProcesses])],
      })),
    ),

    ResumeProcesses: operation(AUTO_SCALING_REQUESTS.ResumeProcesses, (input, caller) =>
      changed('ResumeProcesses', input, caller, ({ suspended }) => ({
        suspended: suspended.filter((process) => !input.ScalingProcesses.includes(process)),
      })),
    ),

    CreateOrUpdateTags: operation(AUTO_SCALING_REQUESTS.CreateOrUpdateTags, ({ Tags }, caller) => {
      for (const { ResourceId, Key, Value = '' } of Tags)
        changed('CreateOrUpdateTags', { AutoScalingGroupName: ResourceId }, caller, ({ ownTags }) => ({
          ownTags: { ...ownTags, [Key]: Value },
        }));
      return queryAnswer('CreateOrUpdateTags', NAMESPACE, undefined);
    }),

    DeleteTags: operation(AUTO_SCALING_REQUESTS.DeleteTags, ({ Tags }, caller) => {
      for (const { ResourceId, Key: gone } of Tags)
        changed('DeleteTags', { AutoScalingGroupName: ResourceId }, caller, ({ ownTags }) => ({
          ownTags: Object.fromEntries(Object.entries(ownTags).filter(([key]) => key !== gone)),
        }));
      return queryAnswer('DeleteTags', NAMESPACE, undefined);
    }),

    EnableMetricsCollection: operation(AUTO_SCALING_REQUESTS.EnableMetricsCollection, (input, caller) =>
      changed('EnableMetricsCollection', input, caller, ({ enabledMetrics }) => ({
        enabledMetrics: [...new Set([...enabledMetrics, ...input.Metrics])],
      })),
    ),

    DisableMetricsCollection: operation(AUTO_SCALING_REQUESTS.DisableMetricsCollection, (input, caller) =>
      changed('DisableMetricsCollection', input, caller, ({ enabledMetrics }) => ({
        enabledMetrics: enabledMetrics.filter((metric) => !input.Metrics.includes(metric)),
      })),
    ),

    TerminateInstanceInAutoScalingGroup: operation(
      AUTO_SCALING_REQUESTS.TerminateInstanceInAutoScalingGroup,
      (input, caller) => {
        const scaling = groupOf(input.InstanceId);
        caller.authorise('autoscaling:TerminateInstanceInAutoScalingGroup', scaling.group.arn);
        const why = scaling.terminate(input.InstanceId, input.ShouldDecrementDesiredCapacity);
        if (why === 'the instance is already being terminated')
          throw new ApiError(400, 'ScalingActivityInProgress', why);
        refuseWhere(why, input.InstanceId);
        return queryAnswer('TerminateInstanceInAutoScalingGroup', NAMESPACE, {
          Activity: {
            ActivityId: randomUUID(),
            AutoScalingGroupName: scaling.group.name,
            Description: `Terminating EC2 instance: ${input.InstanceId}`,
            Cause: `At ${new Date().toISOString()} instance ${input.InstanceId} was taken out of service in response to a user request.`,
            StartTime: new Date().toISOString(),
            StatusCode: 'InProgress',
            Progress: 0,
          },
        });
      },
    ),
  };

  return {
    name: 'autoscaling',
    policyPrefix: 'autoscaling',
    operations,
    read: (request) => readQuery(request, '2011-01-01'),
    renderError: (error) => queryError(error, NAMESPACE),
    throttled: new ApiError(400, 'Throttling', 'Rate exceeded'),
  };
}

interface ActionTarget {
  InstanceId?: string | undefined;
  LifecycleActionToken?: string | undefined;
}

/** A lifecycle action is named by its instance or by its token. */
function instanceOf({ InstanceId, LifecycleActionToken }: ActionTarget, scaling: ScalingGroup): string {
  if (InstanceId !== undefined) return InstanceId;
  const holder = scaling
    .instances()
    .find(({ life }) => life.waiting.some(({ token }) => token === LifecycleActionToken));
  if (!holder) throw invalid('either an instance id or the token of an active lifecycle action is needed');
  return holder.id;
}

/** What belongs to the group still: terminated instances are gone from it. */
function present(scaling: ScalingGroup): Instance[] {
  return scaling.instances().filter(({ life }) => life.state !== 'Terminated');
}

function describeGroup(scaling: ScalingGroup, begunAt: number, withInstances: boolean): XmlValue {
  const { group } = scaling;
  return {
    AutoScalingGroupName: group.name,
    AutoScalingGroupARN: group.arn,
    LaunchTemplate: describeTemplate(scaling, group.template.version),
    MinSize: group.min,
    MaxSize: group.max,
    DesiredCapacity: scaling.desired(),
    DefaultCooldown: 300,
    AvailabilityZones: group.zones,
    HealthCheckType: 'EC2',
    HealthCheckGracePeriod: 0,
    Instances: withInstances ? present(scaling).map((instance) => describeInstance(instance, scaling)) : [],
    CreatedTime: new Date(begunAt).toISOString(),
    VPCZoneIdentifier: group.subnets.join(','),
    TerminationPolicies: group.terminationPolicies,
    SuspendedProcesses: group.suspended.map((ProcessName) => ({ ProcessName })),
    EnabledMetrics: group.enabledMetrics.map((Metric) => ({ Metric, Granularity: '1Minute' })),
    Tags: [
      ...Object.entries(group.tags).map((tag) => describeTag(tag, group.name, true)),
      ...Object.entries(group.ownTags).map((tag) => describeTag(tag, group.name, false)),
    ],
    NewInstancesProtectedFromScaleIn: false,
    ServiceLinkedRoleARN: group.serviceLinkedRole,
    InstanceLifecyclePolicy: {
      RetentionTriggers: { TerminateHookAbandon: group.terminateHookAbandon },
    },
  };
}

function describeTag([Key, Value]: [string, string], group: string, PropagateAtLaunch: boolean) {
  return { ResourceId: group, ResourceType: 'auto-scaling-group', Key, Value, PropagateAtLaunch };
}

function describeHook({ name, transition, timeoutMs, defaultResult }: Hook, group: string) {
  return {
    LifecycleHookName: name,
    AutoScalingGroupName: group,
    LifecycleTransition:
      transition === 'launching'
        ? 'autoscaling:EC2_INSTANCE_LAUNCHING'
        : 'autoscaling:EC2_INSTANCE_TERMINATING',
    HeartbeatTimeout: timeoutMs / 1000,
    GlobalTimeout: Math.min(172_800, timeoutMs / 10),
    DefaultResult: defaultResult,
  };
}

function describeInstance({ id, zone, life, healthy, template }: Instance, scaling: ScalingGroup) {
  return {
    InstanceId: id,
    InstanceType: scaling.group.template.instanceType,
    AvailabilityZone: zone,
    LifecycleState: life.state,
    HealthStatus: healthy ? 'Healthy' : 'Unhealthy',
    LaunchTemplate: describeTemplate(scaling, template),
    ProtectedFromScaleIn: false,
  };
}

function describeTemplate({ group }: ScalingGroup, version: string) {
  return { LaunchTemplateId: group.template.id, LaunchTemplateName: group.template.name, Version: version };
}

function pageOf<T>(
  all: readonly T[],
  token: string | undefined,
  size: number,
): { members: T[]; next?: string } {
  const from = token === undefined ? 0 : Number(token.replace(/^page-/, ''));
  if (!Number.isInteger(from) || from < 0) throw malformed('InvalidNextToken', 'The token is not valid.');
  const members = all.slice(from, from + size);
  return from + size < all.length ? { members, next: `page-${from + size}` } : { members };
}

function refuseWhere(why: string | undefined, instance: string | undefined): void {
  if (why === undefined) return;
  throw invalid(
    why.startsWith('no active') ? `No active Lifecycle Action found with instance ID ${instance}` : why,
  );
}

function invalid(message: string): ApiError {
  return new ApiError(400, 'ValidationError', message);
}

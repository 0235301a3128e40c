import { isDeepStrictEqual } from 'node:util';
import * as v from 'valibot';
import type { AwsClient } from '../../fleet/aws/client.ts';
import { customPolicyOf, type DescribedGroup, describeGroup } from '../../fleet/aws/described-group.ts';
import { callQuery, type QueryValue } from '../../fleet/aws/query.ts';
import { operatorClient } from './operator-client.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const placeSchema = v.object({
  group: v.string(),
  region: v.string(),
  profile: v.optional(v.string()),
});
type Place = v.InferOutput<typeof placeSchema>;

/** What of a group changes while it is borrowed, as it was before. */
const beforeSchema = v.object({
  v: v.literal(1),
  terminationPolicies: v.array(v.string()),
  retains: v.boolean(),
  metrics: v.array(v.string()),
});
type Before = v.InferOutput<typeof beforeSchema>;

/** What it is to be meanwhile. Without policies of ours it keeps its own. */
const wantedSchema = v.object({
  terminationPolicies: v.optional(v.array(v.string())),
  metrics: v.array(v.string()),
});
type Wanted = v.InferOutput<typeof wantedSchema>;

const loanSchema = v.object({
  ...placeSchema.entries,
  before: v.pipe(v.string(), v.parseJson(), beforeSchema),
  wanted: v.pipe(v.string(), v.parseJson(), wantedSchema),
});

/** The process that a parting suspends: see `run-parting.ts`. */
export const TERMINATE = 'Terminate';
/** On the group, put there before: an operator may have suspended it too, and that stays. */
const SUSPENDED_TAG = 'ebbtide:suspended';

/** How the group is, before anything of it changes. */
export async function noteGroup(state: unknown, environment: Environment): Promise<string> {
  const place = v.parse(placeSchema, state);
  const group = await found(operatorClient(place, environment), place);
  const { terminationPolicies, retains, metrics } = group;
  return JSON.stringify({ v: 1, terminationPolicies, retains, metrics } satisfies Before);
}

/** Gives the group the rules without which its machines would go with the calls on them. Safe to repeat. */
export async function borrowGroup(state: unknown, environment: Environment): Promise<void> {
  const { before, wanted, ...place } = v.parse(loanSchema, state);
  const client = operatorClient(place, environment);
  const group = await found(client, place);
  refuseOthers(group, wanted, before);
  const call = caller(client, place);
  await call('UpdateAutoScalingGroup', {
    ...(wanted.terminationPolicies === undefined ? {} : { TerminationPolicies: wanted.terminationPolicies }),
    InstanceLifecyclePolicy: { RetentionTriggers: { TerminateHookAbandon: 'retain' } },
  });
  const missing = wanted.metrics.filter((metric) => !group.metrics.includes(metric));
  if (missing.length > 0) await call('EnableMetricsCollection', { Metrics: missing, Granularity: '1Minute' });
  // A destroy that did not come to its end may have left it so.
  await resume(client, group);
  if (!holds(await found(client, place), wanted))
    throw new Error(
      `the group ${place.group} has not taken the rules that it was given: does something else write it?`,
    );
}

/** Whether the group has those rules still; one that is gone has none. */
export async function isBorrowed(state: unknown, environment: Environment): Promise<boolean> {
  const { wanted, ...place } = v.parse(loanSchema, state);
  const group = await describeGroup(operatorClient(place, environment), place.group);
  return group !== undefined && holds(group, wanted);
}

/** As it was; but what somebody else chose for it meanwhile is theirs to keep. */
export async function giveBackGroup(state: unknown, environment: Environment): Promise<void> {
  const { before, wanted, ...place } = v.parse(loanSchema, state);
  const client = operatorClient(place, environment);
  const group = await describeGroup(client, place.group);
  if (group === undefined) return;
  const call = caller(client, place);
  const policies = policiesAfter(group, wanted, before);
  await call('UpdateAutoScalingGroup', {
    ...(policies === undefined ? {} : { TerminationPolicies: policies }),
    InstanceLifecyclePolicy: {
      RetentionTriggers: { TerminateHookAbandon: before.retains ? 'retain' : 'terminate' },
    },
  });
  const added = wanted.metrics.filter((metric) => !before.metrics.includes(metric));
  if (added.length > 0) await call('DisableMetricsCollection', { Metrics: added });
  // Last: from here on the group ends machines by its own rules again.
  await resume(client, group);
}

/** Whatever else they are by now, ours is not among them: its function is about to be gone. */
function policiesAfter(group: DescribedGroup, wanted: Wanted, before: Before): string[] | undefined {
  const ours = customPolicyOf(wanted.terminationPolicies ?? []);
  if (ours === undefined || !group.terminationPolicies.includes(ours)) return undefined;
  const theirs = group.terminationPolicies.filter((policy) => policy !== ours);
  const isAsBorrowed = isDeepStrictEqual(group.terminationPolicies, wanted.terminationPolicies);
  return isAsBorrowed || theirs.length === 0 ? before.terminationPolicies : theirs;
}

/** Where a parting has suspended it, and nobody else. */
async function resume(client: AwsClient, { name, tags }: DescribedGroup): Promise<void> {
  if (!isSuspended(tags)) return;
  await caller(client, { group: name })('ResumeProcesses', { ScalingProcesses: [TERMINATE] });
  await callQuery(client, 'autoscaling', 'DeleteTags', { Tags: [suspendedTag(name)] }, v.object({}));
}

function isSuspended(tags: DescribedGroup['tags']): boolean {
  return tags[SUSPENDED_TAG] !== undefined;
}

/** Machines do not get it. */
function suspendedTag(group: string): { [name: string]: QueryValue } {
  return {
    ResourceId: group,
    ResourceType: 'auto-scaling-group',
    Key: SUSPENDED_TAG,
    Value: TERMINATE,
    PropagateAtLaunch: false,
  };
}

/** The group chooses nobody to leave, until the loan is given back or taken anew. Safe to repeat. */
export async function suspend(client: AwsClient, group: string): Promise<void> {
  await callQuery(client, 'autoscaling', 'CreateOrUpdateTags', { Tags: [suspendedTag(group)] }, v.object({}));
  await caller(client, { group })('SuspendProcesses', { ScalingProcesses: [TERMINATE] });
}

/** A group can have one function that picks who leaves. */
function refuseOthers(group: DescribedGroup, wanted: Wanted, before: Before): void {
  const theirs = customPolicyOf(group.terminationPolicies);
  if (theirs === undefined || wanted.terminationPolicies === undefined) return;
  if (theirs === customPolicyOf(wanted.terminationPolicies)) return;
  const since = before.terminationPolicies.includes(theirs) ? '' : ', since it was borrowed';
  throw new Error(
    `a function of somebody else's picks who leaves the group ${group.name}${since}: ${theirs}. It is left alone. ` +
      'Take it away (aws autoscaling update-auto-scaling-group --termination-policies Default), and run this again',
  );
}

function holds(group: DescribedGroup, { terminationPolicies, metrics }: Wanted): boolean {
  return (
    group.retains &&
    !isSuspended(group.tags) &&
    metrics.every((metric) => group.metrics.includes(metric)) &&
    (terminationPolicies === undefined || isDeepStrictEqual(group.terminationPolicies, terminationPolicies))
  );
}

async function found(client: AwsClient, { group: name, region }: Place): Promise<DescribedGroup> {
  const group = await describeGroup(client, name);
  if (group === undefined) throw new Error(`there is no Auto Scaling group ${name} in ${region}`);
  return group;
}

function caller(client: AwsClient, { group }: Pick<Place, 'group'>) {
  return async (action: string, members: { [name: string]: QueryValue }): Promise<void> => {
    await callQuery(client, 'autoscaling', action, { AutoScalingGroupName: group, ...members }, v.object({}));
  };
}

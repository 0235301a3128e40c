import * as v from 'valibot';
import type { AwsClient } from '../../fleet/aws/client.ts';
import { customPolicyOf, type DescribedGroup, describeGroup } from '../../fleet/aws/described-group.ts';
import { callQuery, type QueryValue } from '../../fleet/aws/query.ts';
import {
  type Before,
  beforeSchema,
  hasRules,
  isOurs,
  isSuspendedByUs,
  planGiveBack,
  policiesWithoutOurs,
  SUSPENDED_TAG,
  TERMINATE,
  type Wanted,
  wantedSchema,
} from './loan-rules.ts';
import { operatorClient } from './operator-client.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const placeSchema = v.object({
  group: v.string(),
  region: v.string(),
  profile: v.optional(v.string()),
});
type Place = v.InferOutput<typeof placeSchema>;

const loanSchema = v.object({
  ...placeSchema.entries,
  before: v.pipe(v.string(), v.parseJson(), beforeSchema),
  wanted: v.pipe(v.string(), v.parseJson(), wantedSchema),
});

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
  // Where AWS is to pick, the function that picked before is about to be gone.
  const policies = wanted.terminationPolicies ?? policiesWithoutOurs(group, wanted, before);
  await call('UpdateAutoScalingGroup', {
    ...(policies === undefined ? {} : { TerminationPolicies: policies }),
    ...ofAbandoned('retain'),
  });
  const missing = wanted.metrics.filter((metric) => !group.metrics.includes(metric));
  if (missing.length > 0) await call('EnableMetricsCollection', { Metrics: missing, Granularity: '1Minute' });
  // A destroy that did not come to its end may have left it so.
  await resume(client, group);
  if (!hasRules(await found(client, place), wanted))
    throw new Error(
      `the group ${place.group} has not taken the rules that it was given: does something else write it?`,
    );
}

/** Whether the group has those rules still; one that is gone has none. */
export async function isBorrowed(state: unknown, environment: Environment): Promise<boolean> {
  const { wanted, ...place } = v.parse(loanSchema, state);
  const group = await describeGroup(operatorClient(place, environment), place.group);
  return group !== undefined && hasRules(group, wanted);
}

/**
 * As it was; but what somebody else chose for it meanwhile is theirs to keep, and is told. Safe to repeat, also where
 * nothing was borrowed yet.
 */
export async function giveBackGroup(state: unknown, environment: Environment): Promise<string[]> {
  const { before, wanted, ...place } = v.parse(loanSchema, state);
  const client = operatorClient(place, environment);
  const group = await describeGroup(client, place.group);
  if (group === undefined) return [];
  const call = caller(client, place);
  const { terminationPolicies, endsRetaining, metrics, resumes, left } = planGiveBack(group, wanted, before);
  if (terminationPolicies !== undefined || endsRetaining) {
    await call('UpdateAutoScalingGroup', {
      ...(terminationPolicies === undefined ? {} : { TerminationPolicies: terminationPolicies }),
      ...(endsRetaining ? ofAbandoned('terminate') : {}),
    });
  }
  if (metrics.length > 0) await call('DisableMetricsCollection', { Metrics: metrics });
  // Last: from here on the group ends machines by its own rules again.
  if (resumes) await resume(client, group);
  return left;
}

function ofAbandoned(then: 'retain' | 'terminate') {
  return { InstanceLifecyclePolicy: { RetentionTriggers: { TerminateHookAbandon: then } } };
}

/** Where a parting has suspended it, and nobody else. */
async function resume(client: AwsClient, group: DescribedGroup): Promise<void> {
  if (!isSuspendedByUs(group)) return;
  const { name } = group;
  await caller(client, { group: name })('ResumeProcesses', { ScalingProcesses: [TERMINATE] });
  await callQuery(client, 'autoscaling', 'DeleteTags', { Tags: [suspendedTag(name)] }, v.object({}));
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
  if (theirs === undefined || wanted.terminationPolicies === undefined || isOurs(theirs, wanted)) return;
  const since = before.terminationPolicies.includes(theirs) ? '' : ', since it was borrowed';
  throw new Error(
    `a function of somebody else's picks who leaves the group ${group.name}${since}: ${theirs}. It is left alone. ` +
      'Take it away (aws autoscaling update-auto-scaling-group --termination-policies Default), and run this again',
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

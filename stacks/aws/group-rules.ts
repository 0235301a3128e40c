import { customPolicyOf, type DescribedGroup } from '../../fleet/aws/described-group.ts';
import type { Problem } from '../settings-errors.ts';
import type { AwsNames } from './names.ts';
import type { AwsSettings } from './settings.ts';

const KEY = 'pool.existingGroup';

/** What of an operator's own group cannot be left as it is: each with what to do. Pure. */
export function groupProblems(
  group: DescribedGroup,
  { scaleIn, aws, awsProvider }: Pick<AwsSettings, 'scaleIn' | 'aws' | 'awsProvider'>,
  names: AwsNames,
): Problem[] {
  const problems: Problem[] = [];
  const wrong = (says: string) => problems.push({ key: KEY, says: `is "${group.name}": ${says}` });
  const command = (verb: string, rest: string) =>
    `\`aws autoscaling ${verb} --region ${awsProvider.region} --auto-scaling-group-name ${group.name}${rest}\``;

  if (group.isEnding) wrong('AWS is deleting it');
  const pool = group.tags['ebbtide:pool'];
  if (pool !== undefined) wrong(`it is that of the pool ${pool} already (its tag ebbtide:pool)`);
  if (group.serviceLinkedRoleArn === undefined)
    wrong(
      'AWS does not say by which role it acts (ServiceLinkedRoleARN), so that its questions cannot be allowed',
    );
  const policy = customPolicyOf(group.terminationPolicies);
  if (policy !== undefined && scaleIn.victim !== 'native' && !isFunctionOf(names, policy)) {
    wrong(
      `a function of somebody else's picks who leaves (${policy}), and a group has one only. Take it away, ` +
        `${command('update-auto-scaling-group', ' --termination-policies Default')}, or set ebbtide:scaleIn.victim to "native"`,
    );
  }
  const kept = [names.terminateHook, ...(aws.keepHooks ?? [])];
  for (const { name, isTerminating } of group.hooks) {
    if (!isTerminating || kept.includes(name)) continue;
    wrong(
      `its terminate hook ${name} also does something to machines that leave, at once and not when they are empty. If that ends ` +
        `or signals the media server (as OpenVidu's own does), take it away: ` +
        `${command('delete-lifecycle-hook', ` --lifecycle-hook-name ${name}`)}. If it does not, name it in ebbtide:aws.keepHooks`,
    );
  }
  if (group.hasWarmPool) {
    wrong(
      'it has a warm pool, into which machines go back instead of leaving, and of which the agent knows nothing: ' +
        command('delete-warm-pool', ''),
    );
  }
  return problems;
}

/** What can be left as it is, and yet is not what one expects of it. Pure. */
export function groupWarnings(group: DescribedGroup): Problem[] {
  const warnings: Problem[] = [];
  const worth = (says: string) => warnings.push({ key: KEY, says: `is "${group.name}": ${says}` });
  const suspended = group.suspended.filter((process) => process === 'Terminate' || process === 'Launch');
  if (suspended.length > 0) {
    worth(
      `its processes ${suspended.join(' and ')} are suspended, so that it does not ` +
        `${suspended.map((process) => (process === 'Terminate' ? 'shrink' : 'grow')).join(', nor ')} (\`aws autoscaling resume-processes\`)`,
    );
  }
  if (group.hasSpot) {
    worth(
      'some of its machines are spot instances, which AWS takes back with 2 minutes of notice: calls on them are then cut by AWS, ' +
        'which nothing can hold up. Machines on demand have no such end',
    );
  }
  if (group.healthCheckType !== 'EC2') {
    worth(
      `its health checks are of ${group.healthCheckType}: a machine that a load balancer calls unhealthy is replaced. It is drained ` +
        'first; but a check of the agent’s /healthz fails for every node that drains, also for one that an operator empties ' +
        'and wants to keep. EC2 alone says whether a machine lives',
    );
  }
  if (group.rebalances) {
    worth(
      'it replaces spot instances ahead of their end (CapacityRebalance): each is drained, for as long as AWS leaves it',
    );
  }
  if (group.maxInstanceLifetime > 0) {
    worth(
      `it replaces machines after ${Math.round(group.maxInstanceLifetime / 86_400)} d (MaxInstanceLifetime), at whatever load: each is drained first, ` +
        'as many at a time as ebbtide:scaleIn.maxDrains allows',
    );
  }
  if (group.protectsNewMachines || group.protectedMachines.length > 0) {
    const which = group.protectsNewMachines ? 'new machines' : group.protectedMachines.join(', ');
    worth(
      `${which} are protected from scale-in: AWS never asks about them, and they never leave (\`aws autoscaling ` +
        'set-instance-protection --no-protected-from-scale-in`)',
    );
  }
  return warnings;
}

/** By its name: of the account and the region the group takes no other. */
function isFunctionOf({ terminationPolicy }: AwsNames, arn: string): boolean {
  return arn.split(':')[6] === terminationPolicy;
}

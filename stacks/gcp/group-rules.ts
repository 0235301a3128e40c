import type { DescribedGroup } from '../../fleet/gcp/described-group.ts';
import type { Problem } from '../settings-errors.ts';
import type { GcpSettings } from './settings.ts';

const KEY = 'pool.existingGroup';

/** What of an operator's own group would end machines with the calls on them: each with what to do. Pure. */
export function groupProblems(
  group: DescribedGroup,
  { scaling, gcpProvider: { project, region } }: Pick<GcpSettings, 'scaling' | 'gcpProvider'>,
): Problem[] {
  const problems: Problem[] = [];
  const wrong = (says: string) => problems.push({ key: KEY, says: `is "${group.name}": ${says}` });
  const command = (verb: string, rest: string) =>
    `\`gcloud compute instance-groups managed ${verb} ${group.name} --region ${region} --project ${project} ${rest}\``;

  const [, pool] = /^Nodes of the Ebbtide pool (\S+):/.exec(group.description) ?? [];
  if (pool !== undefined) wrong(`it is that of the pool ${pool} already`);
  if (group.updateType !== 'OPPORTUNISTIC') {
    wrong(
      `its update policy is ${group.updateType}: a changed template replaces machines with the calls on them. ` +
        command('update', '--update-policy-type opportunistic'),
    );
  }
  if (group.redistribution !== 'NONE') {
    wrong(
      `it redistributes machines between zones (${group.redistribution}), and deletes them for that with the calls on them. ` +
        command('update', '--instance-redistribution-type none'),
    );
  }
  if (group.heals) {
    wrong(
      'it heals machines: whichever fails its health check is made anew, with the calls on it, and "not healthy" is not "without ' +
        `calls". A machine that has died is made again without that. ${command('update', '--clear-autohealing')}`,
    );
  }
  if (group.isStateful)
    wrong(
      'it is stateful: a machine that is taken out of it is one that it misses. Use a group without a stateful policy',
    );
  if (group.autoscaler === undefined && scaling.kind === 'cpu') {
    wrong(
      'it has no autoscaler, so that nothing says how many nodes are enough. Give it one, ' +
        `${command('set-autoscaling', '--mode only-scale-out --max-num-replicas 5 --target-cpu-utilization 0.5')}, or set ebbtide:scaling.kind to "none"`,
    );
  }
  return problems;
}

/** What is done about it, or may be left as it is. Pure. */
export function groupWarnings(group: DescribedGroup): Problem[] {
  const warnings: Problem[] = [];
  const worth = (says: string) => warnings.push({ key: KEY, says: `is "${group.name}": ${says}` });
  if (group.autoscaler?.mode === 'ON') {
    worth(
      `its autoscaler ${group.autoscaler.name} is in the mode ON, in which it deletes machines with the calls on them: \`pulumi up\` ` +
        'sets it to ONLY_SCALE_OUT, and `pulumi destroy` back',
    );
  }
  if (!group.paginates) {
    worth(
      'a list of its machines ends at the first page: with more than 500 of them nothing is done any more ' +
        '(`gcloud compute instance-groups managed update --list-managed-instances-results paginated`)',
    );
  }
  return warnings;
}

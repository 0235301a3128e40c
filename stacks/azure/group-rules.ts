import type { DescribedSet } from '../../fleet/azure/described-set.ts';
import type { Problem } from '../settings-errors.ts';
import { POOL_TAG } from './elsewhere.ts';
import { mostNodes } from './most-nodes.ts';
import type { AzureSettings } from './settings.ts';

const KEY = 'pool.existingGroup';

type Rules = Pick<AzureSettings, 'pool' | 'scaleIn' | 'azure' | 'azureProvider'>;

/** What of an operator's own set would end machines with the calls on them: each with what to do. Pure. */
export function groupProblems(set: DescribedSet, settings: Rules): Problem[] {
  const { azure, azureProvider } = settings;
  const { resourceGroup = '' } = azure;
  const problems: Problem[] = [];
  const wrong = (says: string) => problems.push({ key: KEY, says: `is "${set.name}": ${says}` });
  const update = (rest: string) =>
    `\`az vmss update --resource-group ${resourceGroup} --name ${set.name} ${rest}\``;

  const pool = set.tags[POOL_TAG];
  if (pool !== undefined) wrong(`it is that of the pool ${pool} already (its tag ${POOL_TAG})`);
  if (set.location !== azureProvider.location)
    wrong(`it is in ${set.location}, and azure-native:location is ${azureProvider.location}`);
  if (set.orchestration !== 'Uniform') {
    wrong(
      `its orchestration mode is ${set.orchestration}, in which Azure knows no protection from scale-in. Use a set of the mode ` +
        'Uniform: the mode of one that is there cannot be changed',
    );
  }
  if (set.upgrades !== 'Manual') {
    wrong(
      `its upgrade policy is ${set.upgrades}: a changed model replaces machines with the calls on them. ` +
        update('--set upgradePolicy.mode=Manual'),
    );
  }
  if (set.upgradesImages) {
    wrong(
      'it puts newer images onto machines that run, with the calls on them. ' +
        update('--set upgradePolicy.automaticOSUpgradePolicy.enableAutomaticOSUpgrade=false'),
    );
  }
  if (set.repairs) {
    wrong(
      'it repairs machines: whichever fails its health check is made anew, with the calls on it, and "not healthy" is not ' +
        `"without calls". ${update('--enable-automatic-repairs false')}`,
    );
  }
  if (set.overprovisions) {
    wrong(
      'it is overprovisioned: Azure makes more machines than are asked for, and deletes some of them a little later, when calls ' +
        `may be on them. ${update('--set overprovision=false')}`,
    );
  }
  if (set.priority === 'Spot' && set.evictionPolicy === 'Delete') {
    wrong(
      'its machines are spot machines that Azure deletes 30 seconds after it has told them (eviction policy Delete), and no calls end ' +
        'by then. Use a set of regular ones: neither can be changed of one that is there',
    );
  }
  if (!set.isTold) {
    wrong(
      'its machines are not told before they are deleted, so that whoever deletes one cuts its calls at once. ' +
        update('--enable-terminate-notification true --terminate-notification-time 15'),
    );
  }
  if (set.identities.length !== 1) {
    wrong(
      set.identities.length === 0
        ? 'its machines have no identity (user-assigned), by which they read and write the registry. Give them one: ' +
            `\`az vmss identity assign --resource-group ${resourceGroup} --name ${set.name} --identities IDENTITY\``
        : `its machines have ${set.identities.length} identities (user-assigned), and which one is to get the rights of a node is not ` +
            `known: ${set.identities.map(({ id }) => id.slice(id.lastIndexOf('/') + 1)).join(', ')}. Leave them one`,
    );
  }
  problems.push(...autoscaleProblems(set, settings));
  return problems;
}

function autoscaleProblems({ name, autoscale }: DescribedSet, settings: Rules): Problem[] {
  if (autoscale === undefined || !autoscale.enabled) return [];
  const { pool, scaleIn } = settings;
  const problems: Problem[] = [];
  const most = mostNodes(settings);
  for (const profile of autoscale.profiles) {
    const whose = `the profile "${profile.name}" of its autoscale setting ${autoscale.name}`;
    if (profile.shrinks) {
      problems.push({
        key: KEY,
        says:
          `is "${name}": ${whose} has rules that shrink it, by which Azure deletes machines with the calls on them. Take those ` +
          'away: the runbook shrinks it (`az monitor autoscale rule list`, `az monitor autoscale rule delete`)',
      });
    }
    if (profile.maximum < most) {
      problems.push({
        key: KEY,
        says:
          `is "${name}": ${whose} lets it have ${profile.maximum} machines, and what is beyond that Azure deletes, whatever is on ` +
          `it. With ebbtide:pool.max, which is ${pool.max}, and ebbtide:scaleIn.maxDrains, which is ${scaleIn.maxDrains}, it must ` +
          `be ${most} at least: raise it, or lower those`,
      });
    }
  }
  return problems;
}

/** What may be left as it is. Pure. */
export function groupWarnings({ name, autoscale, priority, seesEveryAutoscale }: DescribedSet): Problem[] {
  const warnings: Problem[] = [];
  const worth = (says: string) => warnings.push({ key: KEY, says: `is "${name}": ${says}` });
  if (autoscale === undefined && !seesEveryAutoscale) {
    worth(
      'no autoscale setting of it is in its resource group, and these credentials see no others of the subscription ' +
        '(Microsoft.Insights/autoscaleSettings/read). If another resource group has one, it must have no rules that shrink the set',
    );
  } else if (autoscale === undefined || !autoscale.enabled) {
    worth(
      `${autoscale === undefined ? 'it has no autoscale setting' : `its autoscale setting ${autoscale.name} is switched off`}, so ` +
        'that nothing makes it grow by itself. The runbook shrinks it all the same, by the load',
    );
  }
  if (priority === 'Spot')
    worth(
      'its machines are spot machines: Azure takes them back 30 seconds after it has told them, whatever is on them',
    );
  return warnings;
}

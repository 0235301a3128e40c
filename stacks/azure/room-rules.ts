import type { Problem } from '../settings-errors.ts';
import { DEFAULT_MACHINE_TYPE } from './machine.ts';
import type { MachineRoom } from './machine-room.ts';
import { mostNodes } from './most-nodes.ts';
import type { AzureSettings } from './settings.ts';

/**
 * What would end `up` half-way, though every setting is right by itself. `first`: how many machines it makes, which is none
 * where the scale set is there. Pure.
 */
export function roomProblems(settings: AzureSettings, room: MachineRoom, first: number): Problem[] {
  const { pool, azure, azureProvider } = settings;
  const { location } = azureProvider;
  const machineType = pool.machineType ?? DEFAULT_MACHINE_TYPE;
  const { size, quotas } = room;
  const wrongSize = (says: string): Problem => ({
    key: 'pool.machineType',
    says: `is "${machineType}": ${says}`,
  });
  if (size === undefined) {
    return [
      wrongSize(
        `azure-native:location, which is ${location}, does not have it (\`az vm list-skus --location ${location}\` lists what it has)`,
      ),
    ];
  }
  const problems: Problem[] = [];
  if (size.refused !== undefined) {
    problems.push(wrongSize(`your subscription cannot have it in ${location} (Azure says: ${size.refused})`));
  }
  const absent = (pool.zones ?? []).filter((zone) => !size.zones.includes(zone));
  if (absent.length > 0) {
    const there = size.zones.length === 0 ? 'none' : size.zones.join(', ');
    problems.push({
      key: 'pool.zones',
      says: `names ${absent.join(', ')}: of ${machineType} your subscription has in ${location} ${there}`,
    });
  }
  if (azure.acceleratedNetworking && !size.acceleratedNetworking) {
    problems.push({
      key: 'azure.acceleratedNetworking',
      says: `is true: ${machineType} cannot do that. Set it to false, or take another size`,
    });
  }
  for (const { what, quota } of quotas) {
    const free = quota.limit - quota.used;
    const needed = first * size.cpus;
    if (needed <= free) continue;
    problems.push(
      wrongSize(
        `the first ${first} machines need ${needed} processors, and the quota "${what}" of ${location} has ${free} of ` +
          `${quota.limit} left. Ask Azure for more, or take another size or region`,
      ),
    );
  }
  return problems;
}

/** What would keep the pool from growing one day. */
export function roomWarnings(settings: AzureSettings, room: MachineRoom, now: number): Problem[] {
  const { pool, azureProvider } = settings;
  const { size, quotas } = room;
  if (size === undefined) return [];
  const more = Math.max(0, mostNodes(settings) - now) * size.cpus;
  return quotas
    .filter(({ quota }) => more > quota.limit - quota.used)
    .map(({ what, quota }) => ({
      key: 'pool.max',
      says:
        `is ${pool.max}: to grow to that, with ebbtide:scaleIn.maxDrains on top, takes ${more} more processors, and the quota ` +
        `"${what}" of ${azureProvider.location} has ${quota.limit - quota.used} left: the pool stops growing there`,
    }));
}

/** What a changed setting would make autoscale delete, were it written as it stands. `there`: how many nodes there are. */
export function sizeWarnings(settings: AzureSettings, there: number): Problem[] {
  const { pool, scaleIn, scaling } = settings;
  const most = mostNodes(settings);
  if (scaling.kind === 'none' || there <= most) return [];
  return [
    {
      key: 'pool.max',
      says:
        `is ${pool.max}: with ebbtide:scaleIn.maxDrains, which is ${scaleIn.maxDrains}, the set may have ${most} nodes, and it has ` +
        `${there}. Autoscale would delete the newest, with the calls that are on: its maximum stays ${there} until an \`up\` finds ` +
        'fewer. The runbook takes them out as their load lets it',
    },
  ];
}

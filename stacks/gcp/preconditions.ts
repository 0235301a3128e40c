import { isDeepStrictEqual } from 'node:util';
import {
  type GetRegionInstanceGroupManagerResult,
  getRegionInstanceGroupManager,
} from '@pulumi/gcp/compute/getRegionInstanceGroupManager.js';
import { getZones } from '@pulumi/gcp/compute/getZones.js';
import { getProjectService } from '@pulumi/gcp/projects/getProjectService.js';
import * as pulumi from '@pulumi/pulumi';
import { describeError } from '../../fleet/error.ts';
import { groupDescription } from './group.ts';
import type { GcpNames } from './names.ts';
import type { GcpSettings } from './settings.ts';

/** Of a new pool without zones given: enough that one can fail, and that growth finds room elsewhere. */
const DEFAULT_ZONES = 3;

const APIS = [
  'artifactregistry',
  'cloudbuild',
  'cloudfunctions',
  'cloudresourcemanager',
  'cloudscheduler',
  'compute',
  'iam',
  'logging',
  'monitoring',
  'run',
  'secretmanager',
  'storage',
].map((name) => `${name}.googleapis.com`);

/** What an absent thing is answered with, in the words of the provider. */
const ABSENT = /not found|\b404\b|notFound/i;

/**
 * The zones of the pool: a group keeps those that it was made with. Whatever would make `up` fail half-way is looked at
 * first: a switched-off API, a region or a zone that is not there, a group of that name that is not ours.
 */
export async function findZones(
  settings: GcpSettings,
  names: GcpNames,
  options: pulumi.InvokeOptions,
): Promise<string[]> {
  await checkApis(settings, options);
  const kept = await zonesOfGroup(settings, names, options);
  return kept === undefined ? zonesOfNewGroup(settings, options) : keepZones(settings, kept);
}

async function zonesOfNewGroup(settings: GcpSettings, options: pulumi.InvokeOptions): Promise<string[]> {
  const { project, region } = settings.gcpProvider;
  const there = await readZones(project, region, options);
  if (there.length === 0) {
    throw new pulumi.RunError(
      `gcp:region is "${region}": the project ${project} has no zone there (\`gcloud compute regions list\`)`,
    );
  }
  const { zones = there.slice(0, DEFAULT_ZONES) } = settings.pool;
  const absent = zones.filter((zone) => !there.includes(zone));
  if (absent.length > 0) {
    throw new pulumi.RunError(
      `ebbtide:pool.zones names ${absent.join(', ')}: there are ${there.join(', ')} in gcp:region, which is ${region}`,
    );
  }
  return zones;
}

/** Google makes a group with other zones anew, which would end every call of the one that is there. */
function keepZones({ pool }: GcpSettings, kept: string[]): string[] {
  const asked = [...new Set(pool.zones ?? kept)].sort();
  if (isDeepStrictEqual(asked, [...kept].sort())) return kept;
  throw new pulumi.RunError(
    `ebbtide:pool.zones names ${asked.join(', ')}, and the pool ${pool.name} is in ${kept.join(', ')}: another list of ` +
      'zones is another pool. Keep the list, or make a pool of another name beside this one and destroy this one when ' +
      'it is empty',
  );
}

async function readZones(project: string, region: string, options: pulumi.InvokeOptions): Promise<string[]> {
  try {
    const { names } = await getZones({ project, region, status: 'UP' }, options);
    return [...names].sort();
  } catch (error) {
    throw new pulumi.RunError(
      `the zones of gcp:region, which is ${region}, cannot be read in gcp:project ${project}: ${describeError(error)}`,
    );
  }
}

export async function checkApis({ gcpProvider }: GcpSettings, options: pulumi.InvokeOptions): Promise<void> {
  const { project } = gcpProvider;
  const readings = await Promise.all(APIS.map((service) => readApi(project, service, options)));
  const off = APIS.filter((_, index) => readings[index] === 'off');
  if (off.length > 0) {
    throw new pulumi.RunError(
      `the project ${project} has APIs switched off that the pool needs: ` +
        `\`gcloud services enable ${off.join(' ')} --project ${project}\``,
    );
  }
  const unknown = readings.find((reading) => typeof reading === 'object');
  if (unknown !== undefined)
    await pulumi.log.warn(`which APIs of the project ${project} are on is not known: ${unknown.reason}`);
}

async function readApi(
  project: string,
  service: string,
  options: pulumi.InvokeOptions,
): Promise<'on' | 'off' | { reason: string }> {
  try {
    const found = await getProjectService({ project, service }, options);
    // The provider's answer where there is none has been both: an error, and nothing.
    return found.service === service ? 'on' : 'off';
  } catch (error) {
    const reason = describeError(error);
    return ABSENT.test(reason) ? 'off' : { reason };
  }
}

/**
 * Undefined where there is no group. One that somebody else made may have an autoscaler that shrinks it, and machines that
 * know nothing of an agent. Whether there is one must be known: zones that are guessed would be another group's.
 */
async function zonesOfGroup(
  { pool, gcpProvider }: GcpSettings,
  { group }: GcpNames,
  options: pulumi.InvokeOptions,
): Promise<string[] | undefined> {
  const { project, region } = gcpProvider;
  const found = await readGroup({ name: group, project, region }, options);
  if (found === undefined) return undefined;
  if (found.description !== groupDescription(pool.name)) {
    throw new pulumi.RunError(
      `ebbtide:pool.name is "${pool.name}": ${region} has a managed instance group ${group} already, which is not this ` +
        'pool: choose another name, or delete that group',
    );
  }
  const zones = found.distributionPolicyZones.map((zone) => zone.slice(zone.lastIndexOf('/') + 1));
  if (zones.length > 0) return zones;
  throw new pulumi.RunError(`in which zones the group ${group} is, Google does not say: try again`);
}

async function readGroup(
  asked: { name: string; project: string; region: string },
  options: pulumi.InvokeOptions,
): Promise<GetRegionInstanceGroupManagerResult | undefined> {
  try {
    return await getRegionInstanceGroupManager(asked, options);
  } catch (error) {
    const reason = describeError(error);
    if (ABSENT.test(reason)) return undefined;
    throw new pulumi.RunError(
      `whether there is a group ${asked.name} in ${asked.region} already, and in which zones, cannot be read: ${reason}`,
    );
  }
}

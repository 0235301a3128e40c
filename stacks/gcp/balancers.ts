import { getBackendService } from '@pulumi/gcp/compute/getBackendService.js';
import { getHealthCheck } from '@pulumi/gcp/compute/getHealthCheck.js';
import { getRegionBackendService } from '@pulumi/gcp/compute/getRegionBackendService.js';
import * as pulumi from '@pulumi/pulumi';
import { describeError } from '../../fleet/error.ts';
import { configKey, SettingsError } from '../settings-errors.ts';
import {
  type BackendService,
  balancerProblems,
  balancerWarnings,
  type HealthCheck,
} from './balancer-rules.ts';
import type { GcpNames } from './names.ts';
import type { GcpSettings } from './settings.ts';

/** Backend services that are there already. What would bring nobody to a node is told before anything is made. */
export async function checkBalancers(
  settings: GcpSettings,
  names: GcpNames,
  options: pulumi.InvokeOptions,
): Promise<void> {
  const found = await Promise.all(
    settings.network.balancers.map(async (path, index) => {
      const key = `network.balancers[${index}]`;
      return { key, service: await readService(path, key, settings, options) };
    }),
  );
  const problems = found.flatMap(({ key, service }) => balancerProblems(service, key, settings));
  if (problems.length > 0) throw new pulumi.RunError(new SettingsError(problems).message);
  const warnings = found.flatMap(({ key, service }) => balancerWarnings(service, key, settings, names));
  for (const { key, says } of warnings) await pulumi.log.warn(`${configKey(key)} ${says}`);
}

async function readService(
  path: string,
  key: string,
  { gcpProvider }: GcpSettings,
  options: pulumi.InvokeOptions,
): Promise<BackendService> {
  const [, project = gcpProvider.project, region] =
    /^(?:projects\/([^/]+)\/)?(?:global|regions\/([^/]+))\/backendServices\//.exec(path) ?? [];
  const name = path.slice(path.lastIndexOf('/') + 1);
  let found: Awaited<ReturnType<typeof getBackendService | typeof getRegionBackendService>>;
  try {
    found =
      region === undefined
        ? await getBackendService({ name, project }, options)
        : await getRegionBackendService({ name, project, region }, options);
  } catch (error) {
    throw new pulumi.RunError(`${configKey(key)} is "${path}": it cannot be read. ${describeError(error)}`);
  }
  // Where there is none, the provider has answered with nothing.
  if (found.name !== name)
    throw new pulumi.RunError(
      `${configKey(key)} is "${path}": the project ${project} has no such backend service (\`gcloud compute backend-services list\`)`,
    );
  return {
    isGlobal: region === undefined,
    ...found,
    healthChecks: await Promise.all(found.healthChecks.map((each) => readHealthCheck(each, options))),
  };
}

/** undefined: the provider has no way to read one of a region. */
async function readHealthCheck(
  link: string,
  options: pulumi.InvokeOptions,
): Promise<HealthCheck | undefined> {
  const [, project, name] = /projects\/([^/]+)\/global\/healthChecks\/([^/]+)$/.exec(link) ?? [];
  if (project === undefined || name === undefined) return undefined;
  try {
    return await getHealthCheck({ name, project }, options);
  } catch {
    return undefined;
  }
}

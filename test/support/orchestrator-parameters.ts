import { createHash } from 'node:crypto';
import { OPEN_IN_USER_DATA } from '../../fleet/digitalocean/user-data.ts';
import type {
  OrchestratorParameters,
  OrchestratorSettings,
} from '../../fleet/digitalocean-function-settings.ts';
import { POOL_SECRET } from './ocean-stand-in.ts';

export const USER_DATA_KEY = 'software/user-data-1';
export const USER_DATA = `#cloud-config\n# ${OPEN_IN_USER_DATA.node} ${OPEN_IN_USER_DATA.statusKey}\n`;

/** What a stack would tell the orchestrator, with what a test changes of it. */
function orchestratorSettings(changed: Partial<OrchestratorSettings> = {}): OrchestratorSettings {
  return {
    pool: 'media',
    region: 'fra1',
    buckets: { code: 'code', statuses: 'statuses', memory: 'memory' },
    min: 1,
    max: 10,
    maxDrains: 2,
    coolDownMs: 0,
    warmUpMs: 120_000,
    lowForMs: 300_000,
    warnAfterMs: 3_600_000,
    bootTimeoutMs: 900_000,
    targetCpu: 0.5,
    droplet: { size: 'c-4', image: 'debian-13-x64', vpc: 'vpc-1' },
    userData: { key: USER_DATA_KEY, sha256: createHash('sha256').update(USER_DATA).digest('hex') },
    ...changed,
  };
}

export function orchestratorParameters(changed: Partial<OrchestratorSettings> = {}): OrchestratorParameters {
  return {
    settings: JSON.stringify(orchestratorSettings(changed)),
    apiToken: 'dop_v1_token',
    spacesKeyId: 'key',
    spacesSecretKey: 'spaces-secret',
    poolSecret: POOL_SECRET,
  };
}

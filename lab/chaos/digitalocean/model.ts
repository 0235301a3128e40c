import { createHash } from 'node:crypto';
import { DROPLET_FILE, type DropletFile } from '../../../fleet/digitalocean/droplet-file.ts';
import { drainingTag, poolTag } from '../../../fleet/digitalocean/tags.ts';
import { OPEN_IN_USER_DATA } from '../../../fleet/digitalocean/user-data.ts';
import { webActionUrl } from '../../../fleet/digitalocean/web-action.ts';
import type {
  OrchestratorParameters,
  OrchestratorSettings,
} from '../../../fleet/digitalocean-function-settings.ts';
import type { OceanModel, SpacesKey } from '../../digitalocean/model.ts';
import { ORCHESTRATOR_TOKEN } from '../../digitalocean/tokens.ts';
import type { DigitalOceanPlan } from './plan.ts';

const REGION = 'fra1';
const POOL = 'chaos';
export const BUCKETS = { code: 'chaos-code', statuses: 'chaos-statuses', memory: 'chaos-memory' };
export const POOL_TAG = poolTag(POOL);
export const DRAINING_TAG = drainingTag(POOL);
export const POOL_SECRET = 'the secret of the pool, from which all keys are made';
export const TARGET_CPU = 0.5;
/** Where the services of the twin answer in this world, the metadata service of each machine, and the function. */
export const API = 'http://api.test';
export const SPACES = 'http://spaces.test';
const METADATA_HOST_NAME = 'metadata.test';
export const METADATA_HOST = METADATA_HOST_NAME;
export const WAKE_URL = webActionUrl('http://functions.test', 'fn-chaos', 'ebbtide/orchestrator');
export const WAKE_SECRET = 'the secret with which nodes wake it';
export const MEMORY_KEYS = { pool: 'memory/orchestrator.json', births: 'memory/droplets.json' };

/** Where everything is, for agents and for the function. */
export const ENVIRONMENT = {
  DIGITALOCEAN_API_URL: API,
  SPACES_ENDPOINT_URL: SPACES,
  EBBTIDE_DROPLET_METADATA: `http://${METADATA_HOST_NAME}`,
};

const NODE_KEY = spacesKey('nodes', [
  { bucket: BUCKETS.code, permission: 'read' },
  { bucket: BUCKETS.statuses, permission: 'readwrite' },
]);
const ORCHESTRATOR_KEY = spacesKey(
  'orchestrator',
  Object.values(BUCKETS).map((bucket) => ({ bucket, permission: 'readwrite' })),
);

function spacesKey(name: string, grants: SpacesKey['grants']): SpacesKey {
  return { name, accessKey: `DO00${name}`, secretKey: `secret of ${name}`, createdAt: '', grants };
}

/** Of what a droplet is told, as much as its machine in memory needs. */
const TEMPLATE = `${OPEN_IN_USER_DATA.node} ${OPEN_IN_USER_DATA.statusKey}`;
const TEMPLATE_KEY = 'software/user-data';

/** The file that its user-data brings to a droplet. */
export function dropletFileOf(userData: string): string {
  const [node = '', statusKey = ''] = userData.split(' ');
  const { accessKey, secretKey } = NODE_KEY;
  const file: DropletFile = {
    node,
    statusKey,
    spaces: { accessKeyId: accessKey, secretAccessKey: secretKey },
    wake: { url: WAKE_URL, secret: WAKE_SECRET },
  };
  return JSON.stringify(file);
}

/** The part of an agent's settings that is DigitalOcean's. */
export function agentOf(droplet: { id: number; name: string }) {
  return {
    cloud: {
      kind: 'digitalocean',
      region: REGION,
      madeFor: String(droplet.id),
      statusBucket: BUCKETS.statuses,
      dropletFile: DROPLET_FILE,
    },
    registry: { kind: 'bucket', bucket: BUCKETS.code, statusName: droplet.name },
  } as const;
}

export function parametersOf(plan: DigitalOceanPlan): OrchestratorParameters {
  return {
    settings: JSON.stringify(settingsOf(plan)),
    apiToken: ORCHESTRATOR_TOKEN,
    spacesKeyId: ORCHESTRATOR_KEY.accessKey,
    spacesSecretKey: ORCHESTRATOR_KEY.secretKey,
    poolSecret: POOL_SECRET,
  };
}

function settingsOf(plan: DigitalOceanPlan): OrchestratorSettings {
  const { size, min, max, maxDrains, coolDownMs, lowForMs, warnAfterMs, bootTimeoutMs } = plan;
  return {
    pool: POOL,
    region: REGION,
    buckets: BUCKETS,
    min,
    max,
    initial: size,
    maxDrains,
    coolDownMs,
    warmUpMs: 30_000,
    lowForMs,
    warnAfterMs,
    bootTimeoutMs,
    targetCpu: TARGET_CPU,
    droplet: { size: 'c-2', image: 'debian-13-x64' },
    userData: { key: TEMPLATE_KEY, sha256: createHash('sha256').update(TEMPLATE).digest('hex') },
  };
}

/** What the program would have provisioned, as far as calls are concerned. */
export function modelOf(): OceanModel {
  return {
    place: { region: REGION, spacesRegion: REGION, endpoint: API },
    tags: [POOL_TAG, DRAINING_TAG],
    vpcs: [],
    firewalls: [],
    loadBalancers: [],
    alerts: [],
    uptimeChecks: [],
    buckets: Object.values(BUCKETS).map((name) => ({ name, arn: name })),
    objects: [{ bucket: BUCKETS.code, key: TEMPLATE_KEY, body: Buffer.from(TEMPLATE) }],
    spacesKeys: [NODE_KEY, ORCHESTRATOR_KEY],
    namespaces: [],
  };
}

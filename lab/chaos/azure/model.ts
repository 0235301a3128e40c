import { randomUUID } from 'node:crypto';
import { encodeScaleInSettings } from '../../../fleet/azure-function-settings.ts';
import type { NewJob } from '../../azure/automation/jobs.ts';
import { triggerUrl } from '../../azure/data-sources.ts';
import { type AzureModel, type Identity, NOTHING, type ScaleSet } from '../../azure/model.ts';
import { blobEndpoint, SUBSCRIPTION, TENANT } from '../../azure/place.ts';
import { uuid } from '../../cloud/identifiers.ts';
import type { AzurePlan } from './plan.ts';

/** Where the services of the twin answer in this world, and the metadata service of each machine. */
export const ENDPOINT = 'http://azure.test';
export const IMDS_HOST = 'imds.test';
export const ACCOUNT = 'ebbtidechaos';
export const RUNBOOK = 'scale-in';
/** The processor load, from 0 to 1, that the scaling aims at. */
export const TARGET_CPU = 0.5;
export const MIN_SERVING = 1;
/** Where the runbook remembers, and is locked. */
export const MEMORY = { container: 'memory', name: 'scale-in.json' };
export const STORE = blobEndpoint({ endpoint: ENDPOINT }, ACCOUNT);
export const WAKE_URL_KEY = 'software/wake-url';

const PLACE = { subscription: SUBSCRIPTION, tenant: TENANT, location: 'westeurope', endpoint: ENDPOINT };
const GROUP = `/subscriptions/${SUBSCRIPTION}/resourceGroups/chaos/providers`;
const SET = 'ebbtide-chaos';
const SET_ID = `${GROUP}/Microsoft.Compute/virtualMachineScaleSets/${SET}`;
const AUTOMATION = `${GROUP}/Microsoft.Automation/automationAccounts/chaos`;
const WAKE = 'wake';
const CONTAINERS = ['statuses', 'decisions', 'memory', 'software'];

export const WAKE_URL = triggerUrl(PLACE, WAKE, 'woken');

/** Where everything is, for agents. */
export const ENVIRONMENT = {
  AZURE_STORAGE_BLOB_ENDPOINT: STORE,
  AZURE_POD_IDENTITY_AUTHORITY_HOST: `http://${IMDS_HOST}`,
};
/** And for jobs, each of which has a secret of its own. */
export function jobEnvironment(secret: string): Record<string, string> {
  return { IDENTITY_ENDPOINT: `${ENDPOINT}/job-identity`, IDENTITY_HEADER: secret };
}

/** Whose roles may not have been heard of. */
export const IDENTITIES = { nodes: identity('nodes'), functions: identity('functions') };

function identity(name: string): Identity {
  return { principalId: uuid(`${name} principal`), clientId: uuid(`${name} client`) };
}

/** As every wake starts it, whoever that is. */
export function jobOf(plan: AzurePlan): NewJob {
  return {
    id: randomUUID(),
    account: AUTOMATION,
    runbook: RUNBOOK,
    parameters: { settings: parameterOf(plan) },
  };
}

function parameterOf(plan: AzurePlan): string {
  return encodeScaleInSettings({
    pool: 'chaos',
    scaleSet: SET_ID,
    store: STORE,
    arm: ENDPOINT,
    minServing: MIN_SERVING,
    maxDrains: plan.maxDrains,
    coolDownMs: plan.coolDownMs,
    warmUpMs: 30_000,
    lowForMs: plan.lowForMs,
    warnAfterMs: plan.warnAfterMs,
    targetCpu: TARGET_CPU,
  });
}

/** What the program would have provisioned, as far as calls are concerned; its rights are tested elsewhere. */
export function modelOf(plan: AzurePlan): AzureModel & { scaleSets: [ScaleSet] } {
  const account = `${GROUP}/Microsoft.Storage/storageAccounts/${ACCOUNT}`;
  const { runbook, parameters } = jobOf(plan);
  const job = { properties: { runbook: { name: runbook }, parameters } };
  return {
    ...NOTHING,
    ...PLACE,
    accounts: [{ id: account, name: ACCOUNT }],
    containers: CONTAINERS.map((name) => ({
      account: ACCOUNT,
      name,
      id: `${account}/${name}`,
      isPublic: false,
    })),
    blobs: [{ account: ACCOUNT, container: 'software', name: 'wake-url', body: Buffer.from(WAKE_URL) }],
    scaleSets: [scaleSetOf(plan)],
    automationAccounts: [{ id: AUTOMATION, name: 'chaos', identities: [IDENTITIES.functions] }],
    runbooks: [{ id: `${AUTOMATION}/runbooks/${RUNBOOK}`, account: AUTOMATION, name: RUNBOOK, content: '' }],
    workflows: [
      {
        id: `${GROUP}/Microsoft.Logic/workflows/${WAKE}`,
        name: WAKE,
        enabled: true,
        identities: [IDENTITIES.functions],
        triggerUrl: WAKE_URL,
        parameters: {},
        actions: [
          {
            name: 'start_job',
            method: 'PUT',
            uri: `${ENDPOINT}${AUTOMATION}/jobs/@{guid()}?api-version=2023-11-01`,
            headers: {},
            body: job,
            authentication: { audience: 'https://management.azure.com/' },
          },
        ],
      },
    ],
  };
}

function scaleSetOf({ size, zones, terminateNoticeMs }: AzurePlan): ScaleSet {
  return {
    id: SET_ID,
    name: SET,
    location: PLACE.location,
    zones: zones === 1 ? [] : Array.from({ length: zones }, (_, index) => String(index + 1)),
    capacity: size,
    vmSize: 'Standard_F4s_v2',
    tags: { 'ebbtide-pool': 'chaos' },
    customData: '',
    identities: [IDENTITIES.nodes],
    ...(terminateNoticeMs === undefined ? {} : { terminateNoticeMs }),
    spot: false,
  };
}

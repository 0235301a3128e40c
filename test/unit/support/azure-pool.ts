import assert from 'node:assert/strict';
import * as v from 'valibot';
import { scaleInSettingsSchema } from '../../../fleet/azure-function-settings.ts';
import { azureNames } from '../../../stacks/azure/names.ts';
import { GOOD_AZURE, type ProgramRun, runUnderMocks } from '../stacks-mocks.ts';
import { SUBSCRIPTION } from '../stacks-mocks-azure.ts';
import { type Answer, type LocalServer, type ReceivedRequest, startLocalServer } from './local-server.ts';
import { ofType } from './program-run.ts';

export const ROLE = 'azure-native:authorization:RoleDefinition';
export const ASSIGNMENT = 'azure-native:authorization:RoleAssignment';
export const IDENTITY = 'azure-native:managedidentity:UserAssignedIdentity';
export const SET = 'azure-native:compute:VirtualMachineScaleSet';
export const BLOB = 'azure-native:storage:Blob';
export const RUNBOOK = 'azure-native:automation:Runbook';
export const SCHEDULED = 'azure-native:automation:JobSchedule';
export const EACH_HOUR = 'media-scale-in-at-00';
export const WORKFLOW = 'azure-native:logic:Workflow';
export const AUTOSCALE = 'azure-native:monitor:AutoscaleSetting';
export const METRIC_ALERT = 'azure-native:monitor:MetricAlert';
export const ACTION_GROUP = 'azure-native:monitor:ActionGroup';
export const FIREWALL = 'azure-native:network:NetworkSecurityGroup';
export const NAMES = azureNames('media', { subscriptionId: SUBSCRIPTION, resourceGroup: 'ebbtide-media' });

const TOKEN = { 'azure-native:authorization:getClientToken': () => ({ token: 't' }) };

export const run = (
  settings: Record<string, unknown> = {},
  options: Parameters<typeof runUnderMocks>[0] = {},
) =>
  runUnderMocks({
    ...options,
    answers: { ...TOKEN, ...options.answers },
    settings: { ...GOOD_AZURE, ...settings },
  });

export const SETS = '/providers/Microsoft.Compute/virtualMachineScaleSets';
export const listed = (...value: object[]): Answer => ({ status: 200, body: JSON.stringify({ value }) });
/** A resource manager that tells of no scale set, and of nothing else. */
export const nothingThere = ({ path }: ReceivedRequest): Answer =>
  path.endsWith(SETS) ? listed() : { status: 503, body: '' };

/** What an identity may do: on what, and which actions. */
export function rightsOf(of: ProgramRun, who: string): [string, string[]][] {
  return ofType(of, ASSIGNMENT)
    .filter(({ inputs }) => inputs.principalId === `principal of ebbtide-media-${who}`)
    .map(({ inputs }): [string, string[]] => {
      const role = ofType(of, ROLE).find(({ name }) => `${name}-id` === inputs.roleDefinitionId);
      const [permission] = v.parse(v.array(v.looseObject({})), role?.inputs.permissions);
      const { actions, dataActions, notActions, notDataActions } = Object(permission);
      assert.deepEqual([notActions, notDataActions], [[], []]);
      return [String(inputs.scope), [...actions, ...dataActions]];
    })
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

const BLOBS = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs';
export const READ = [`${BLOBS}/read`];
export const WRITE = [`${BLOBS}/read`, `${BLOBS}/write`];

/** What the runbook is told by a job. */
export function toldTo(parameters: unknown) {
  const { '[PARAMETER 1]': told, ...others } = Object(parameters);
  assert.deepEqual(others, {});
  return v.parse(scaleInSettingsSchema, JSON.parse(Buffer.from(told, 'base64').toString()));
}

/** The program under mocks, and a resource manager that answers as a test says, else as nothing is there. */
export interface AzureUnderMocks {
  /** As it is made without any wish of an operator's. */
  readonly made: ProgramRun;
  says: (request: ReceivedRequest) => Answer;
}

export function azureUnderMocks(): AzureUnderMocks {
  let made: ProgramRun | undefined;
  let manager: LocalServer;
  const azure: AzureUnderMocks = {
    get made() {
      assert.ok(made, 'it is made before the first test');
      return made;
    },
    says: nothingThere,
  };
  before(async () => {
    manager = await startLocalServer((request) => azure.says(request));
    process.env.AZURE_RESOURCE_MANAGER_ENDPOINT = manager.url;
    made = await run();
  });
  afterEach(() => {
    azure.says = nothingThere;
  });
  after(async () => {
    delete process.env.AZURE_RESOURCE_MANAGER_ENDPOINT;
    await manager.close();
  });
  return azure;
}

import { AutomationAccount } from '@pulumi/azure-native/automation/automationAccount.js';
import { JobSchedule } from '@pulumi/azure-native/automation/jobSchedule.js';
import { Runbook } from '@pulumi/azure-native/automation/runbook.js';
import { RuntimeEnvironment } from '@pulumi/azure-native/automation/runtimeEnvironment.js';
import { Schedule } from '@pulumi/azure-native/automation/schedule.js';
import { Blob } from '@pulumi/azure-native/storage/blob.js';
import { listStorageAccountServiceSASOutput } from '@pulumi/azure-native/storage/listStorageAccountServiceSAS.js';
import * as pulumi from '@pulumi/pulumi';
import { encodeScaleInSettings, type ScaleInSettings } from '../../fleet/azure-function-settings.ts';
import { type Bundle, sha256Of } from '../bundle.ts';
import type { PoolIdentity } from './identity.ts';
import { DEFAULT_LOW_FOR_MS } from './low-for.ts';
import type { AzureNames } from './names.ts';
import { beginsAt, QUARTERS } from './quarters.ts';
import type { AzureSettings } from './settings.ts';
import type { PoolStore } from './store.ts';

export interface ScaleInRunbookArgs {
  settings: AzureSettings;
  names: AzureNames;
  resourceGroup: pulumi.Input<string>;
  tags: Record<string, string>;
  bundle: Bundle;
  store: PoolStore;
  identity: PoolIdentity;
  /** What new nodes are made of. */
  template: string;
}

/** A job of Python has no names for what it is told, only places. */
const FIRST_PARAMETER = '[PARAMETER 1]';
const RUNTIME = 'python-3-10';
/** The text is no secret, and the address gives nothing else. An end in sight would be one at which an update fails. */
const ADDRESS_ENDS = '2099-12-31T00:00:00Z';

/** What a job of the runbook is made from. */
export interface RunbookJob {
  runbook: pulumi.Output<string>;
  parameters: pulumi.Output<Record<string, string>>;
}

/** The runbook that decides who leaves, and deletes those that are empty; and the clock that wakes it in any case. */
export class ScaleInRunbook extends pulumi.ComponentResource {
  readonly account: pulumi.Output<string>;
  readonly job: RunbookJob;

  constructor(name: string, args: ScaleInRunbookArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:azure:ScaleInRunbook', name, {}, options);
    const { settings, names, bundle, identity, tags } = args;
    const { location } = settings.azureProvider;
    const parent = { parent: this };
    const account = new AutomationAccount(
      name,
      {
        resourceGroupName: args.resourceGroup,
        automationAccountName: names.automation,
        location,
        sku: { name: 'Basic' },
        identity: { type: 'UserAssigned', userAssignedIdentities: [identity.id] },
        // No machine of anybody's runs its jobs, and none can join with a key.
        disableLocalAuth: true,
        tags,
      },
      parent,
    );
    const inAccount = { resourceGroupName: args.resourceGroup, automationAccountName: account.name };
    const runtime = new RuntimeEnvironment(
      `${name}-runtime`,
      { ...inAccount, runtimeEnvironmentName: RUNTIME, location, language: 'Python', version: '3.10', tags },
      parent,
    );
    const description = `Takes nodes out of the scale set ${names.scaleSet}`;
    const uri = this.address(name, args);
    const runbook = new Runbook(
      `${name}-runbook`,
      {
        ...inAccount,
        runbookName: names.runbook,
        location,
        description,
        runbookType: 'Python',
        runtimeEnvironment: runtime.name,
        logVerbose: false,
        logProgress: false,
        publishContentLink: {
          uri,
          contentHash: { algorithm: 'SHA256', value: bundle.sha256.toUpperCase() },
          version: bundle.sha256.slice(0, 16),
        },
        tags,
      },
      parent,
    );
    const parameters = pulumi.all([args.store.url, identity.clientId]).apply(
      ([store, identityClientId]): Record<string, string> => ({
        [FIRST_PARAMETER]: encodeScaleInSettings({
          ...settingsOf(settings, names, args.template),
          store,
          identityClientId,
        }),
      }),
    );
    this.account = account.id;
    this.job = { runbook: runbook.name, parameters };
    // The address is another when the account's key is, and the runbook is then written again. Its hash tells no secret.
    const whatChangesIt = pulumi
      .unsecret(uri)
      .apply((text) => [bundle.sha256, sha256Of(text), description, JSON.stringify(tags), args.template]);
    this.wakeEachQuarter(name, args, inAccount, whatChangesIt);
    this.registerOutputs({ account: this.account });
  }

  /** Automation reads the text once, from an address that must ask for no token. */
  private address(name: string, { names, store, bundle }: ScaleInRunbookArgs): pulumi.Output<string> {
    const blobName = `scale-in-${bundle.sha256.slice(0, 16)}.py`;
    const text = new Blob(
      `${name}-text`,
      {
        resourceGroupName: names.resourceGroup,
        accountName: store.account,
        containerName: store.containers.software,
        // Another text has another name, by which Automation sees that it is another.
        blobName,
        source: new pulumi.asset.StringAsset(bundle.code),
      },
      { parent: this },
    );
    const sas = listStorageAccountServiceSASOutput(
      {
        resourceGroupName: names.resourceGroup,
        accountName: store.account,
        canonicalizedResource: pulumi.interpolate`/blob/${store.account}/${store.containers.software}/${blobName}`,
        resource: 'b',
        permissions: 'r',
        protocols: 'https',
        sharedAccessExpiryTime: ADDRESS_ENDS,
        keyToSign: 'key1',
      },
      { parent: this },
    );
    const address = pulumi
      .all([store.url, store.containers.software, sas, text.id])
      .apply(([url, container, { serviceSasToken }]) => `${url}/${container}/${blobName}?${serviceSasToken}`);
    return pulumi.secret(address);
  }

  /** Whatever else fails to wake it. */
  private wakeEachQuarter(
    name: string,
    { names, settings }: ScaleInRunbookArgs,
    inAccount: { resourceGroupName: pulumi.Input<string>; automationAccountName: pulumi.Input<string> },
    whatChangesIt: pulumi.Output<string[]>,
  ): void {
    const { runbook, parameters } = this.job;
    // All that the parameters are made from, but for what is known only later and never changes.
    const told = JSON.stringify(settingsOf(settings, names, ''));
    for (const quarter of QUARTERS) {
      const scheduleName = `${names.runbook}-${quarter}`;
      const schedule = new Schedule(
        `${name}-clock-${quarter}`,
        {
          ...inAccount,
          scheduleName,
          name: scheduleName,
          description: `Wakes ${names.runbook} each hour at minute ${quarter}`,
          frequency: 'Hour',
          interval: 1,
          startTime: beginsAt(quarter, Date.now()),
          timeZone: 'Etc/UTC',
        },
        // It has begun when it was made.
        { parent: this, ignoreChanges: ['startTime'] },
      );
      new JobSchedule(
        `${name}-at-${quarter}`,
        // Automation forgets a runbook's schedules whenever the runbook is written: each writing of it has its own.
        {
          ...inAccount,
          jobScheduleId: whatChangesIt.apply((all) => names.guid('job-schedule', quarter, ...all, told)),
          runbook: { name: runbook },
          schedule: { name: schedule.name },
          parameters,
        },
        // It takes none beside another one of the same runbook and schedule.
        { parent: this, replaceOnChanges: ['*'], deleteBeforeReplace: true },
      );
    }
  }
}

function settingsOf(
  { pool, scaling, scaleIn }: AzureSettings,
  names: AzureNames,
  currentTemplate: string,
): Omit<ScaleInSettings, 'store' | 'identityClientId'> {
  return {
    pool: pool.name,
    scaleSet: names.scaleSetId,
    minServing: Math.max(pool.min, 1),
    maxDrains: scaleIn.maxDrains,
    coolDownMs: scaling.coolDown,
    warmUpMs: scaling.warmUp,
    lowForMs: scaling.lowFor ?? DEFAULT_LOW_FOR_MS,
    warnAfterMs: scaleIn.warnAfter,
    ...(scaling.kind === 'cpu' ? { targetCpu: scaling.target / 100 } : {}),
    currentTemplate,
  };
}

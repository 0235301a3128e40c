import { listWorkflowTriggerCallbackUrlOutput } from '@pulumi/azure-native/logic/listWorkflowTriggerCallbackUrl.js';
import { Workflow } from '@pulumi/azure-native/logic/workflow.js';
import * as pulumi from '@pulumi/pulumi';
import type { PoolIdentity } from './identity.ts';
import type { AzureNames } from './names.ts';
import type { RunbookJob } from './runbook.ts';

export interface WakeArgs {
  names: AzureNames;
  location: string;
  resourceGroup: pulumi.Input<string>;
  tags: Record<string, string>;
  identity: PoolIdentity;
  account: pulumi.Output<string>;
  job: RunbookJob;
}

const TRIGGER = 'woken';
const SCHEMA =
  'https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#';
const MANAGER = 'https://management.azure.com';

/**
 * A Logic App that starts a job of the runbook: alerts and nodes can call nothing that would, and Python has no webhooks.
 * What it is sent is not looked at.
 */
export class Wake extends pulumi.ComponentResource {
  readonly id: pulumi.Output<string>;
  /** Secret: whoever knows it can wake the runbook. */
  readonly url: pulumi.Output<string>;

  constructor(name: string, args: WakeArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:azure:Wake', name, {}, options);
    const { names, identity, account, job } = args;
    const workflow = new Workflow(
      name,
      {
        resourceGroupName: args.resourceGroup,
        workflowName: names.wake,
        location: args.location,
        state: 'Enabled',
        identity: { type: 'UserAssigned', userAssignedIdentities: [identity.id] },
        definition: pulumi
          .all([identity.id, account, job.runbook, job.parameters])
          .apply(([who, of, runbook, parameters]) => definitionOf(who, of, { runbook, parameters })),
        tags: args.tags,
      },
      { parent: this },
    );
    const { value } = listWorkflowTriggerCallbackUrlOutput(
      { resourceGroupName: names.resourceGroup, workflowName: workflow.name, triggerName: TRIGGER },
      { parent: this },
    );
    this.id = workflow.id;
    this.url = pulumi.secret(value);
    this.registerOutputs({ id: this.id, url: this.url });
  }
}

function definitionOf(
  identity: string,
  account: string,
  job: { runbook: string; parameters: Record<string, string> },
) {
  return {
    $schema: SCHEMA,
    contentVersion: '1.0.0.0',
    triggers: { [TRIGGER]: { type: 'Request', kind: 'Http', inputs: { schema: {} } } },
    actions: {
      start_job: {
        type: 'Http',
        runAfter: {},
        inputs: {
          method: 'PUT',
          // A repeated attempt is the same job.
          uri: `${MANAGER}${account}/jobs/@{guid()}?api-version=2023-11-01`,
          body: { properties: { runbook: { name: job.runbook }, parameters: job.parameters } },
          authentication: { type: 'ManagedServiceIdentity', identity, audience: `${MANAGER}/` },
          retryPolicy: { type: 'exponential', interval: 'PT5S', count: 4, maximumInterval: 'PT1M' },
        },
      },
    },
    outputs: {},
  };
}

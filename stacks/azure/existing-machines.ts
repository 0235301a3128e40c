import { Blob } from '@pulumi/azure-native/storage/blob.js';
import * as pulumi from '@pulumi/pulumi';
import { BorrowedGroup, NotedGroup } from '../../providers/borrowed-group.ts';
import { sha256Of } from '../bundle.ts';
import { fingerprintOf } from '../fingerprint.ts';
import { nodeSoftware } from '../software.ts';
import { renderStartupScript } from '../startup-script.ts';
import type { FoundGroup } from './found-group.ts';
import type { Machines, MachinesArgs } from './machines.ts';
import { azureNodeSetup } from './node-setup.ts';
import { azureSnippet } from './node-snippet.ts';

const CODE = 'azure/group-loan.ts';

/**
 * A scale set of the operator's own, and what Ebbtide adds to it: the rights of its machines and what makes nodes of them.
 * Of the set itself nothing is written. Its machines are protected from scale-in by the runbook, and not any more after
 * destroy.
 */
export function existingMachines(
  name: string,
  args: MachinesArgs & { existing: FoundGroup },
  options: pulumi.CustomResourceOptions,
): Machines {
  const { settings, common, store, roles, software, boot, existing } = args;
  const { names } = common;
  const { subscriptionId, tenantId } = settings.azureProvider;
  const node = { who: 'node', id: pulumi.output(existing.identity.principalId) };
  const rights = args.rights.map(({ right, ...on }) =>
    roles.grant(`${name}-node-${right}-${on.on}`, node, right, on, options),
  );
  const setup = (template: string) =>
    azureNodeSetup({
      settings,
      names,
      ...nodeSoftware(boot, software),
      template,
    });
  const template = fingerprintOf([renderStartupScript(setup(''))]);
  const script = renderStartupScript(setup(template));
  const blobName = `ebbtide-node-${template}.sh`;
  const stored = new Blob(
    `${name}-node-script`,
    {
      resourceGroupName: names.resourceGroup,
      accountName: names.storage,
      containerName: store.containers.software,
      blobName,
      source: new pulumi.asset.StringAsset(script),
    },
    options,
  );
  const loan = {
    code: CODE,
    place: { group: names.scaleSet, subscriptionId, resourceGroup: names.resourceGroup },
    access: {
      ...(tenantId === undefined ? {} : { tenantId }),
      storage: names.storage,
      store: store.url,
    },
    wanted: JSON.stringify({ v: 1 }),
  };
  // Two steps, so that how the set was is in the stack's state before anything of it changes. Both before the runbook, so
  // that on destroy nobody protects any more what is given back.
  const needed = { ...options, dependsOn: store };
  const noted = new NotedGroup(`${name}-group-before`, loan, needed);
  const borrowed = new BorrowedGroup(`${name}-group-rules`, { ...loan, before: noted.before }, needed);
  return {
    template,
    beforeRunbook: [noted, borrowed],
    scale: () => ({
      id: pulumi.output(names.scaleSetId),
      name: pulumi.output(names.scaleSet),
      resources: [...rights, stored, noted, borrowed],
    }),
    sweep: { code: 'azure/run-parting.ts' },
    outputs: {
      nodeScript: pulumi.output(script),
      nodeUserData: pulumi.output(
        azureSnippet({
          pool: settings.pool.name,
          store: names.storageUrl,
          identity: existing.identity.id,
          key: `software/${blobName}`,
          sha256: sha256Of(script),
        }),
      ),
      toAdd: pulumi.output(whatToAdd(names.scaleSet)),
    },
  };
}

/** What is left to do for a person, in the order in which it is done. */
function whatToAdd(set: string): string[] {
  return [
    `The runbook protects the machines of ${set} from scale-in from now on, and chooses no machine to leave before its agent tells how ` +
      'it is. Machines get the agent by one of these, and by nothing else:',
    "1. new machines: put `pulumi stack output nodeUserData` at the end of the script that is the set's custom data;",
    '2. an image: run `pulumi stack output nodeScript` as root, at every boot (/var/lib/cloud/scripts/per-boot/);',
    '3. machines that run already: run the same script once as root, for example by Run Command. It does not touch the media server.',
    'Never shrink the set by its capacity, and give its autoscale setting no rule that shrinks it: both delete machines with the calls ' +
      'on them. docs/moving-a-group.md has it step by step.',
  ];
}

import { BucketObject } from '@pulumi/gcp/storage/bucketObject.js';
import * as pulumi from '@pulumi/pulumi';
import { POOL_LABEL } from '../../fleet/gcp/compute.ts';
import { BorrowedGroup, NotedGroup } from '../../providers/borrowed-group.ts';
import { sha256Of } from '../bundle.ts';
import { fingerprintOf } from '../fingerprint.ts';
import { nodeSoftware } from '../software.ts';
import { renderStartupScript } from '../startup-script.ts';
import type { FoundGroup } from './found-group.ts';
import type { Machines, MachinesArgs } from './machines.ts';
import { grantToNodes } from './node-identity.ts';
import { gcpNodeSetup } from './node-setup.ts';
import { gcpSnippet } from './node-snippet.ts';

const CODE = 'gcp/group-loan.ts';

/**
 * A group of the operator's own, and what Ebbtide adds to it: the rights of its machines and what makes nodes of them. Its
 * autoscaler may only grow it meanwhile, and gets its own mode back on destroy.
 */
export function existingMachines(
  name: string,
  args: MachinesArgs & { existing: FoundGroup },
  options: pulumi.CustomResourceOptions,
): Machines {
  const { settings, names, bucket, store, software, boot, existing } = args;
  const { project, region } = settings.gcpProvider;
  const pool = settings.pool.name;
  const account = settings.gcp.nodeAccount ?? '';
  const member = `serviceAccount:${account}`;
  const rights = grantToNodes(`${name}-node`, store, member, options);
  const setup = (prunerUrl: string, template: string) =>
    gcpNodeSetup({
      settings,
      names,
      bucket: names.bucket,
      ...nodeSoftware(boot, software),
      prunerUrl,
      template,
    });
  const template = fingerprintOf([renderStartupScript(setup('', ''))]);
  const outputs: Machines['outputs'] = { toAdd: pulumi.output(whatToAdd(names.group, pool, account)) };
  return {
    template: pulumi.output(template),
    member: pulumi.output(member),
    scale({ prunerUrl, lives }) {
      const key = `software/ebbtide-node-${template}.sh`;
      const whole = prunerUrl.apply((url) => renderStartupScript(setup(url, template)));
      const stored = new BucketObject(
        `${name}-node-script`,
        { bucket, name: key, source: whole.apply((text) => new pulumi.asset.StringAsset(text)) },
        options,
      );
      outputs.nodeScript = whole;
      outputs.nodeUserData = whole.apply((text) =>
        gcpSnippet({ pool, bucket: names.bucket, key, sha256: sha256Of(text) }),
      );
      const mine = [...rights, stored];
      if (existing.autoscaler === undefined) return { name: pulumi.output(names.group), resources: mine };
      const loan = {
        code: CODE,
        place: { group: names.group, project, region, autoscaler: existing.autoscaler },
        access: { bucket },
        wanted: JSON.stringify({ mode: settings.scaling.kind === 'none' ? 'OFF' : 'ONLY_SCALE_OUT' }),
      };
      // Two steps, so that how the group was is in the stack's state before anything of it changes.
      const needed = { ...options, dependsOn: [...mine, ...lives] };
      const noted = new NotedGroup(`${name}-group-before`, loan, needed);
      const borrowed = new BorrowedGroup(`${name}-group-rules`, { ...loan, before: noted.before }, needed);
      return {
        name: borrowed.id.apply(() => names.group),
        resources: [...mine, noted, borrowed],
      };
    },
    sweep: { code: 'gcp/run-parting.ts' },
    outputs,
  };
}

/** What is left to do for a person, in the order in which it is done. */
function whatToAdd(group: string, pool: string, account: string): string[] {
  return [
    `The group ${group} only grows from now on, and no machine is chosen to leave before its agent tells how it is. In its instance ` +
      'template there must be:',
    `1. the label ${POOL_LABEL}=${pool}, by which machines are known, in the group or out of it. It can be put on machines that run too;`,
    `2. the service account ${account}, with the scope cloud-platform;`,
    '3. as the metadata key startup-script: `pulumi stack output nodeScript`, or, at the end of one of your own, `pulumi stack output nodeUserData`.',
    'On machines that run already: run `pulumi stack output nodeScript` once as root. It does not touch the media server.',
    `Never resize the group to fewer, and never set its autoscaler to the mode ON: both delete machines with the calls on them. ` +
      'docs/moving-a-group.md has it step by step.',
  ];
}

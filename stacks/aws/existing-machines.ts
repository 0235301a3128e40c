import { LifecycleHook } from '@pulumi/aws/autoscaling/index.js';
import { getRoleOutput, RolePolicy } from '@pulumi/aws/iam/index.js';
import { BucketObjectv2 } from '@pulumi/aws/s3/index.js';
import * as pulumi from '@pulumi/pulumi';
import { BESIDE_OURS } from '../../providers/aws/loan-rules.ts';
import { BorrowedGroup, NotedGroup } from '../../providers/borrowed-group.ts';
import { sha256Of } from '../bundle.ts';
import { fingerprintOf } from '../fingerprint.ts';
import { nodeSoftware } from '../software.ts';
import { renderStartupScript } from '../startup-script.ts';
import type { FoundGroup } from './found-group.ts';
import { SIZE_METRICS, terminateHook } from './group.ts';
import type { Machines, MachinesArgs } from './machines.ts';
import { nodeRights } from './node-identity.ts';
import { awsNodeSetup } from './node-setup.ts';
import { awsSnippet } from './node-snippet.ts';
import { policyDocument } from './policy.ts';
import { UNTAGGED } from './software.ts';

const CODE = 'aws/group-loan.ts';

/**
 * A group of the operator's own, and what Ebbtide adds to it: the rights of its machines, what makes nodes of them, the
 * terminate hook, and those rules of the group without which machines would go with the calls on them. The rules are
 * given back on destroy, as they were.
 */
export function existingMachines(
  name: string,
  args: MachinesArgs & { existing: FoundGroup },
  options: pulumi.CustomResourceOptions,
): Machines {
  const { settings, names, place, bucket, secrets, software, boot, existing } = args;
  const { nodeRole = '' } = settings.aws;
  const { region, profile } = settings.awsProvider;
  const role = getRoleOutput({ name: nodeRole }, options);
  const rights = new RolePolicy(
    `${name}-node-rights`,
    {
      name: names.pool,
      role: nodeRole,
      policy: policyDocument(
        nodeRights({
          names,
          place,
          bucketArn: bucket.arn,
          parameters: secrets.parameters,
          targetGroups: [],
          hasSessions: false,
        }),
      ),
    },
    options,
  );

  const made = pulumi.all([bucket.name, role.uniqueId]).apply(([bucketName, nodeRoleId]) => {
    const setup = (template: string) =>
      awsNodeSetup({
        settings,
        names,
        bucket: bucketName,
        nodeRoleId,
        ...nodeSoftware(boot, software),
        template,
      });
    const template = fingerprintOf([renderStartupScript(setup(''))]);
    const script = renderStartupScript(setup(template));
    const key = `software/ebbtide-node-${template}.sh`;
    const snippet = awsSnippet({
      pool: settings.pool.name,
      region,
      bucket: bucketName,
      key,
      sha256: sha256Of(script),
    });
    return { template, script, key, snippet };
  });
  const stored = new BucketObjectv2(
    `${name}-node-script`,
    {
      bucket: bucket.name,
      key: made.key,
      source: made.script.apply((script) => new pulumi.asset.StringAsset(script)),
      ...UNTAGGED,
    },
    options,
  );

  const loan = {
    code: CODE,
    place: { group: names.group, region },
    access: profile === undefined ? {} : { profile },
  };
  return {
    template: made.template,
    serviceLinkedRoleArn: pulumi.output(existing.serviceLinkedRoleArn),
    scale({ terminationPolicyArn, lives }) {
      const wanted = pulumi.jsonStringify({
        function: names.terminationPolicy,
        terminationPolicies:
          terminationPolicyArn === undefined ? undefined : [terminationPolicyArn, ...BESIDE_OURS],
        metrics: SIZE_METRICS,
      });
      // Two steps, so that how the group was is in the stack's state before anything of it changes.
      const needed = { ...options, dependsOn: [rights, stored, ...lives] };
      const noted = new NotedGroup(`${name}-group-before`, { ...loan, wanted }, needed);
      const borrowed = new BorrowedGroup(
        `${name}-group-rules`,
        { ...loan, wanted, before: noted.before },
        needed,
      );
      const { name: hookName, ...hook } = terminateHook(settings, names);
      const held = new LifecycleHook(
        `${name}-group-terminate`,
        { name: hookName, autoscalingGroupName: names.group, ...hook },
        // On destroy it goes while the group still keeps to our rules: to delete a hook lets go whoever waits in it.
        { ...options, dependsOn: borrowed },
      );
      return {
        // Who is told of the group is told of one that is held.
        name: held.id.apply(() => names.group),
        resources: [rights, stored, noted, borrowed, held],
      };
    },
    sweep: { code: 'aws/run-parting.ts' },
    outputs: {
      nodeScript: made.script,
      nodeUserData: made.snippet,
      toAdd: pulumi.output(whatToAdd(names.group, nodeRole)),
    },
  };
}

/** What is left to do for a person, in the order in which it is done. */
function whatToAdd(group: string, nodeRole: string): string[] {
  return [
    `The group ${group} keeps its machines from now on until they are empty, and no machine is chosen to leave before its ` +
      'agent tells how it is. Machines get the agent by one of these, and by nothing else:',
    "1. new machines: add `pulumi stack output nodeUserData` to the launch template's user-data, and a new version of it to the group;",
    '2. an image: run `pulumi stack output nodeScript` as root, at every boot (/var/lib/cloud/scripts/per-boot/);',
    '3. machines that run already: run the same script once as root, for example by Session Manager. It does not touch the media server.',
    `Their instance profile must be of the role ${nodeRole}, and show tags in the metadata (InstanceMetadataTags: enabled), so that they can be protected.`,
    'If a program of yours writes the group (CloudFormation, Terraform), put into it what `aws autoscaling describe-auto-scaling-groups` ' +
      'shows now as TerminationPolicies and InstanceLifecyclePolicy, or let it leave both alone. docs/moving-a-group.md has it step by step.',
  ];
}

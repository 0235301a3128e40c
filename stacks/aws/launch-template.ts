import { getAmiOutput, LaunchTemplate } from '@pulumi/aws/ec2/index.js';
import { getParameterOutput } from '@pulumi/aws/ssm/index.js';
import * as pulumi from '@pulumi/pulumi';
import type { Bundle } from '../bundle.ts';
import { fingerprintOf } from '../fingerprint.ts';
import { nodeSoftware, type Software } from '../software.ts';
import { assertUserDataFits, packUserData, renderUserData } from '../user-data.ts';
import type { AwsNames } from './names.ts';
import { awsNodeSetup } from './node-setup.ts';
import type { AwsSettings } from './settings.ts';

export interface NodeTemplateArgs {
  settings: AwsSettings;
  names: AwsNames;
  bucket: pulumi.Output<string>;
  nodeRoleId: pulumi.Output<string>;
  instanceProfileArn: pulumi.Output<string>;
  securityGroup: pulumi.Output<string>;
  boot: Bundle;
  software: Software;
}

/** 4 CPUs, and a network that keeps up with them. */
const DEFAULT_MACHINE_TYPE = 'c6i.xlarge';

const EC2 = { bytes: 16 * 1024, taker: 'EC2' };

/** What a node is made from. A change concerns new nodes only. */
export class NodeTemplate extends pulumi.ComponentResource {
  readonly id: pulumi.Output<string>;
  readonly version: pulumi.Output<string>;
  /** By which a node tells the template that it was made from. It changes with whatever a node is made of. */
  readonly fingerprint: pulumi.Output<string>;

  constructor(name: string, args: NodeTemplateArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:aws:NodeTemplate', name, {}, options);
    const { pool, aws } = args.settings;
    const machineType = pool.machineType ?? DEFAULT_MACHINE_TYPE;
    const imageId = this.findImage(pool.image, machineType);
    // The root disk is the one that the image names: another name would add a second disk.
    const image = getAmiOutput({ filters: [{ name: 'image-id', values: [imageId] }] }, { parent: this });
    // The longest that the names can be that are not known yet: too much is told at preview, not by EC2.
    assertUserDataFits(setupOf(args, 'b'.repeat(63), 'r'.repeat(21), 'f'.repeat(12)), EC2);

    const made = pulumi.all([args.bucket, args.nodeRoleId, imageId]).apply(([bucket, roleId, imageIdNow]) => {
      const fingerprint = fingerprintOf([
        renderUserData(setupOf(args, bucket, roleId, '')),
        imageIdNow,
        machineType,
        String(pool.diskGb),
      ]);
      const text = renderUserData(setupOf(args, bucket, roleId, fingerprint));
      return { fingerprint, userData: packUserData(text).toString('base64') };
    });

    const tags = { ...aws.tags, Name: args.names.group, 'ebbtide:pool': pool.name };
    const template = new LaunchTemplate(
      name,
      {
        name: args.names.group,
        description: `Nodes of the pool ${pool.name}`,
        imageId,
        instanceType: machineType,
        iamInstanceProfile: { arn: args.instanceProfileArn },
        vpcSecurityGroupIds: [args.securityGroup],
        blockDeviceMappings: [
          {
            deviceName: image.rootDeviceName,
            ebs: {
              volumeType: 'gp3',
              volumeSize: pool.diskGb,
              encrypted: 'true',
              deleteOnTermination: 'true',
            },
          },
        ],
        // Hop limit 1 keeps a container with a network of its own from the node's rights. The media server has the
        // machine's, in a container or not, and could ask for them; how little they are is in NodeIdentity. The tags tell
        // an operator's "protected".
        metadataOptions: {
          httpEndpoint: 'enabled',
          httpTokens: 'required',
          httpPutResponseHopLimit: 1,
          instanceMetadataTags: 'enabled',
        },
        monitoring: { enabled: true },
        // A node that finds itself without an agent switches itself off (see the boot script): nobody is to pay for it.
        instanceInitiatedShutdownBehavior: 'terminate',
        tagSpecifications: [{ resourceType: 'volume', tags }],
        userData: made.userData,
        updateDefaultVersion: true,
      },
      { parent: this },
    );
    this.id = template.id;
    this.version = template.latestVersion.apply(String);
    this.fingerprint = made.fingerprint;
    this.registerOutputs({ id: this.id, version: this.version, fingerprint: this.fingerprint });
  }

  /** The operator's image, or Debian 13 as its makers publish it. A newer one shows at preview as a changed template. */
  private findImage(image: string | undefined, machineType: string): pulumi.Output<string> {
    if (image !== undefined) return pulumi.output(image);
    const name = `/aws/service/debian/release/13/latest/${isArm(machineType) ? 'arm64' : 'amd64'}`;
    // The provider takes every parameter for a secret; the id of a public image is none.
    return pulumi.unsecret(getParameterOutput({ name }, { parent: this }).value);
  }
}

/** Graviton families carry a "g" after their generation: t4g, c7gn, x2gd, im4gn; and the first one, a1. */
export function isArm(machineType: string): boolean {
  return /^([a-z]+\d+[a-z]*g[a-z]*|a1)\./.test(machineType);
}

function setupOf(args: NodeTemplateArgs, bucket: string, nodeRoleId: string, template: string) {
  const { settings, names, boot, software } = args;
  return awsNodeSetup({ settings, names, bucket, nodeRoleId, ...nodeSoftware(boot, software), template });
}

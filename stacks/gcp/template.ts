import { getImageOutput } from '@pulumi/gcp/compute/getImage.js';
import { RegionInstanceTemplate } from '@pulumi/gcp/compute/regionInstanceTemplate.js';
import * as pulumi from '@pulumi/pulumi';
import { POOL_LABEL } from '../../fleet/gcp/compute.ts';
import type { Bundle } from '../bundle.ts';
import { fingerprintOf } from '../fingerprint.ts';
import { nodeSoftware, type Software } from '../software.ts';
import { assertStartupScriptFits, renderStartupScript } from '../startup-script.ts';
import { DEFAULT_MACHINE_TYPE, defaultDiskType, defaultImage } from './machine.ts';
import type { GcpNames } from './names.ts';
import { gcpNodeSetup } from './node-setup.ts';
import type { GcpSettings } from './settings.ts';

export interface NodeTemplateArgs {
  settings: GcpSettings;
  names: GcpNames;
  subnet: pulumi.Output<string>;
  nodeAccount: pulumi.Output<string>;
  boot: Bundle;
  software: Software;
  made: NodeFingerprint;
  prunerUrl: pulumi.Output<string>;
}

/** What new nodes are made of, before it is a template: the pruner is told it, and the template names the pruner. */
export interface NodeFingerprint {
  fingerprint: pulumi.Output<string>;
  image: pulumi.Output<string>;
}

type Made = Pick<NodeTemplateArgs, 'settings' | 'names' | 'boot' | 'software'>;

export function nodeFingerprint(args: Made, options: pulumi.InvokeOptions): NodeFingerprint {
  const { pool } = args.settings;
  const machineType = pool.machineType ?? DEFAULT_MACHINE_TYPE;
  const image = findImage(pool.image ?? defaultImage(machineType), options);
  const script = renderStartupScript(setupOf(args, { prunerUrl: '', template: '' }));
  const fingerprint = image.apply((found) =>
    fingerprintOf([script, found, machineType, String(pool.diskGb), diskTypeOf(args.settings)]),
  );
  return { fingerprint, image };
}

/** What a node is made from. A change is a new template, and concerns new nodes only. */
export class NodeTemplate extends pulumi.ComponentResource {
  readonly selfLink: pulumi.Output<string>;

  constructor(name: string, args: NodeTemplateArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:gcp:NodeTemplate', name, {}, options);
    const { settings, names, made } = args;
    const { pool, gcp, gcpProvider } = settings;
    // The longest that the address can be that is not known yet: too much is told at preview, not by GCP.
    assertStartupScriptFits(
      setupOf(args, { prunerUrl: `https://${'p'.repeat(120)}`, template: 'f'.repeat(12) }),
    );
    const script = pulumi
      .all([args.prunerUrl, made.fingerprint])
      .apply(([prunerUrl, template]) => renderStartupScript(setupOf(args, { prunerUrl, template })));
    const labels = { ...gcp.labels, [POOL_LABEL]: pool.name };

    const template = new RegionInstanceTemplate(
      name,
      {
        namePrefix: names.templatePrefix,
        region: gcpProvider.region,
        description: `Nodes of the pool ${pool.name}`,
        machineType: pool.machineType ?? DEFAULT_MACHINE_TYPE,
        labels,
        disks: [
          {
            boot: true,
            autoDelete: true,
            sourceImage: made.image,
            diskSizeGb: pool.diskGb,
            diskType: diskTypeOf(settings),
            labels,
          },
        ],
        networkInterfaces: [
          {
            subnetwork: args.subnet,
            ...(gcp.externalAddresses ? { accessConfigs: [{ networkTier: 'PREMIUM' }] } : {}),
          },
        ],
        // The scope is Google's old bound on an account's rights; what a node may do is bounded by its account's.
        serviceAccount: {
          email: args.nodeAccount,
          scopes: ['https://www.googleapis.com/auth/cloud-platform'],
        },
        shieldedInstanceConfig: {
          enableSecureBoot: true,
          enableVtpm: true,
          enableIntegrityMonitoring: true,
        },
        // Nobody logs in by a key that the project hands out: the firewall has no way in for SSH either.
        metadata: {
          'startup-script': script,
          'enable-oslogin': 'TRUE',
          'block-project-ssh-keys': 'TRUE',
        },
      },
      { parent: this },
    );
    this.selfLink = template.selfLink;
    this.registerOutputs({ selfLink: this.selfLink });
  }
}

function diskTypeOf({ pool, gcp }: GcpSettings): string {
  return gcp.diskType ?? defaultDiskType(pool.machineType ?? DEFAULT_MACHINE_TYPE);
}

function setupOf({ settings, names, boot, software }: Made, told: { prunerUrl: string; template: string }) {
  return gcpNodeSetup({
    settings,
    names,
    bucket: names.bucket,
    ...nodeSoftware(boot, software),
    ...told,
  });
}

/** The newest of a family: a newer one shows at preview as a changed template. */
function findImage(image: string, options: pulumi.InvokeOptions): pulumi.Output<string> {
  const [, project, family] = /^projects\/([^/]+)\/global\/images\/family\/(.+)$/.exec(image) ?? [];
  if (project === undefined || family === undefined) return pulumi.output(image);
  return getImageOutput({ project, family }, options).selfLink;
}

import { SpacesBucketObject } from '@pulumi/digitalocean/spacesBucketObject.js';
import * as pulumi from '@pulumi/pulumi';
import { type Bundle, sha256Of } from '../bundle.ts';
import { fingerprintOf } from '../fingerprint.ts';
import type { NodeSetup } from '../node-setup.ts';
import { nodeSoftware, type Software } from '../software.ts';
import { DEFAULT_IMAGE, DEFAULT_MACHINE_TYPE } from './machine.ts';
import { digitalOceanNodeSetup } from './node-setup.ts';
import type { DigitalOceanSettings } from './settings.ts';
import type { PoolStore } from './store.ts';
import { assertDropletUserDataFits, type DropletSecrets, renderDropletTemplate } from './user-data.ts';

export interface NodeTemplateArgs {
  settings: DigitalOceanSettings;
  /** Of the buckets. */
  region: string;
  store: PoolStore;
  boot: Bundle;
  software: Software;
  wake: DropletSecrets['wake'] | pulumi.Output<DropletSecrets['wake']>;
}

/** As long as a bucket's can be. */
const LONGEST_NAME = 'b'.repeat(63);

/** What new droplets are made of, as the orchestrator finds it. A change of it concerns new droplets only. */
export class NodeTemplate extends pulumi.ComponentResource {
  /** By which a node tells the template that it was made from. It changes with whatever a node is made of. */
  readonly fingerprint: pulumi.Output<string>;
  /** The object in the bucket of code. */
  readonly userData: pulumi.Output<{ key: string; sha256: string }>;

  constructor(name: string, args: NodeTemplateArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:digitalocean:NodeTemplate', name, {}, options);
    const { region, store } = args;
    const { code, statuses } = store.buckets;
    const longest = { codeBucket: LONGEST_NAME, statusBucket: LONGEST_NAME, template: 'f'.repeat(12) };
    assertDropletUserDataFits(setupOf(args, longest));
    const setup = pulumi.all([code, statuses]).apply(([codeBucket, statusBucket]) => {
      const buckets = { codeBucket, statusBucket };
      const template = fingerprintOfSetup(args, setupOf(args, { ...buckets, template: '' }));
      return { template, setup: setupOf(args, { ...buckets, template }) };
    });
    const { id, secret } = store.nodeKey;
    const text = pulumi
      .all([setup, id, secret, args.wake])
      .apply(([{ setup: whole }, accessKeyId, secretAccessKey, wake]) =>
        renderDropletTemplate(whole, { spaces: { accessKeyId, secretAccessKey }, wake }),
      );
    // Nobody finds a key of Spaces by the sum of what it stands in.
    const userData = pulumi.unsecret(
      text.apply((content) => {
        const sha256 = sha256Of(content);
        return { key: `user-data/${sha256.slice(0, 16)}`, sha256 };
      }),
    );
    const object = new SpacesBucketObject(
      name,
      {
        bucket: code,
        region,
        // Another content is another object, made before this one goes.
        key: userData.key,
        acl: 'private',
        // Secret, as the keys in it are.
        content: text,
      },
      { parent: this, provider: store.provider },
    );
    this.fingerprint = setup.apply(({ template }) => template);
    this.userData = pulumi.all([userData, object.id]).apply(([whole]) => whole);
    this.registerOutputs({ fingerprint: this.fingerprint, userData: this.userData });
  }
}

function fingerprintOfSetup({ settings }: NodeTemplateArgs, setup: NodeSetup): string {
  const { machineType = DEFAULT_MACHINE_TYPE, image = DEFAULT_IMAGE } = settings.pool;
  const nobody = { spaces: { accessKeyId: '', secretAccessKey: '' }, wake: { url: '', secret: '' } };
  return fingerprintOf([renderDropletTemplate(setup, nobody), machineType, image]);
}

function setupOf(
  { settings, region, boot, software }: NodeTemplateArgs,
  told: { codeBucket: string; statusBucket: string; template: string },
): NodeSetup {
  return digitalOceanNodeSetup({
    settings,
    region,
    ...nodeSoftware(boot, software),
    ...told,
  });
}

import { IAMCustomRole } from '@pulumi/gcp/projects/iamcustomRole.js';
import { BucketIAMMember } from '@pulumi/gcp/storage/bucketIAMMember.js';
import * as pulumi from '@pulumi/pulumi';
import type { GcpNames } from './names.ts';

/** Google's own roles for objects hold more than one thing each; these hold one. */
const PERMISSIONS = {
  list: ['storage.objects.list'],
  read: ['storage.objects.get'],
  // To overwrite an object is to delete the one before it.
  write: ['storage.objects.create', 'storage.objects.delete'],
} as const;

export type StoreRight = keyof typeof PERMISSIONS;

export interface StoreRolesArgs {
  names: GcpNames;
  pool: string;
  bucketName: string;
  bucket: pulumi.Output<string>;
  birth: pulumi.Output<string>;
}

/** What may be done with the pool's bucket, apart from each other. */
export class StoreRoles extends pulumi.ComponentResource {
  private readonly args: StoreRolesArgs;
  private readonly roles: Record<StoreRight, pulumi.Output<string>>;

  constructor(name: string, args: StoreRolesArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:gcp:StoreRoles', name, {}, options);
    this.args = args;
    const roleOf = (right: StoreRight) =>
      new IAMCustomRole(
        `${name}-${right}`,
        {
          roleId: args.birth.apply((birth) => args.names.role(`store-${right}`, birth)),
          title: `Ebbtide pool ${args.pool}: ${right} objects`,
          permissions: [...PERMISSIONS[right]],
        },
        { parent: this },
      ).name;
    this.roles = { list: roleOf('list'), read: roleOf('read'), write: roleOf('write') };
    this.registerOutputs();
  }

  /** Lets somebody do one thing: with the objects under some prefixes, or, to list, with the bucket. */
  grant(
    name: string,
    member: pulumi.Input<string>,
    right: StoreRight,
    prefixes: readonly string[],
    options: pulumi.CustomResourceOptions,
  ): BucketIAMMember {
    const { bucketName, bucket } = this.args;
    const under = prefixes.map(
      (prefix) => `resource.name.startsWith("projects/_/buckets/${bucketName}/objects/${prefix}/")`,
    );
    return new BucketIAMMember(
      name,
      {
        bucket,
        role: this.roles[right],
        member,
        ...(under.length === 0
          ? {}
          : { condition: { title: `${right} ${prefixes.join(', ')}`, expression: under.join(' || ') } }),
      },
      options,
    );
  }
}

import * as aws from '@pulumi/aws/provider.js';

export interface AwsProviderArgs {
  region: string;
  profile?: string | undefined;
  allowedAccountIds?: string[] | undefined;
  /** On everything that takes tags. */
  tags: Record<string, string>;
}

/** The one provider that a pool's resources are made with. */
export function createAwsProvider(args: AwsProviderArgs): aws.Provider {
  return new aws.Provider('aws', {
    region: args.region,
    ...(args.profile === undefined ? {} : { profile: args.profile }),
    ...(args.allowedAccountIds === undefined ? {} : { allowedAccountIds: args.allowedAccountIds }),
    defaultTags: { tags: args.tags },
  });
}

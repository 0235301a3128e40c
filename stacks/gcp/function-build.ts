import { Repository } from '@pulumi/gcp/artifactregistry/repository.js';
import { RepositoryIamMember } from '@pulumi/gcp/artifactregistry/repositoryIamMember.js';
import { IAMMember } from '@pulumi/gcp/projects/iammember.js';
import { Account } from '@pulumi/gcp/serviceaccount/account.js';
import * as pulumi from '@pulumi/pulumi';
import type { GcpNames } from './names.ts';

export interface FunctionBuildArgs {
  names: GcpNames;
  pool: string;
  project: string;
  region: string;
}

/**
 * What Google builds the function with: an account of its own, since the default one can often do everything in the
 * project, and a place for the image that is the pool's.
 */
export class FunctionBuild extends pulumi.ComponentResource {
  /** The account's full name, once it may build. */
  readonly account: pulumi.Output<string>;
  readonly repository: pulumi.Output<string>;

  constructor(name: string, args: FunctionBuildArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:gcp:FunctionBuild', name, {}, options);
    const { names, pool, project, region } = args;
    const parent = { parent: this };
    const account = new Account(
      name,
      { accountId: names.builderAccount, displayName: `Builds the pruner of the pool ${pool}` },
      parent,
    );
    const { member } = account;
    const repository = new Repository(
      `${name}-images`,
      {
        repositoryId: names.images,
        location: region,
        format: 'DOCKER',
        description: `The pruner of the pool ${pool}`,
        cleanupPolicies: [
          { id: 'newest', action: 'KEEP', mostRecentVersions: { keepCount: 3 } },
          { id: 'old', action: 'DELETE', condition: { tagState: 'ANY', olderThan: '2592000s' } },
        ],
      },
      parent,
    );
    const rights = [
      new RepositoryIamMember(
        `${name}-writes-image`,
        { repository: repository.name, location: region, role: 'roles/artifactregistry.writer', member },
        parent,
      ),
      new IAMMember(`${name}-logs`, { project, role: 'roles/logging.logWriter', member }, parent),
      new IAMMember(
        `${name}-reads-source`,
        {
          project,
          role: 'roles/storage.objectViewer',
          member,
          condition: {
            title: 'source of the pruner',
            // Google copies a function's source there, below the function's name, into a bucket that it makes by itself for
            // all functions of the region. What is no object is the bucket.
            expression:
              'resource.name.startsWith("projects/_/buckets/gcf-v2-sources-") && ' +
              `(resource.name.extract("/objects/{name}/") == "" || ` +
              `resource.name.extract("/objects/{name}/") == "${names.pruner}")`,
          },
        },
        parent,
      ),
    ];
    const granted = pulumi.all(rights.map(({ id }) => id));
    this.account = pulumi.all([account.name, granted]).apply(([whole]) => whole);
    this.repository = repository.id;
    this.registerOutputs({ account: this.account, repository: this.repository });
  }
}

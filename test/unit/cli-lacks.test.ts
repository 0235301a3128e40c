import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { namingAwsLacks } from '../../cli/rights/aws-lacks.ts';
import { namingAzureLacks } from '../../cli/rights/azure-lacks.ts';
import { naming } from '../../cli/rights/denied.ts';
import { namingGrants, namingScopes, scopeLack } from '../../cli/rights/digitalocean-lacks.ts';
import { namingGcpLacks } from '../../cli/rights/gcp-lacks.ts';
import { tellingLacks } from '../../cli/rights/telling-lacks.ts';
import { createAutoScalingGroup } from '../../fleet/aws/auto-scaling-group.ts';
import { createAwsClient } from '../../fleet/aws/client.ts';
import { createS3Store } from '../../fleet/aws/s3-store.ts';
import { createAzureClient } from '../../fleet/azure/client.ts';
import { createScaleSet } from '../../fleet/azure/scale-set.ts';
import { createBucketRegistry } from '../../fleet/bucket-registry.ts';
import { createRealClock } from '../../fleet/clock.ts';
import { createDigitalOceanClient } from '../../fleet/digitalocean/client.ts';
import { createDroplets } from '../../fleet/digitalocean/droplets.ts';
import { describeError } from '../../fleet/error.ts';
import { createGcpClient } from '../../fleet/gcp/client.ts';
import { createCompute } from '../../fleet/gcp/compute.ts';
import { createStorageStore } from '../../fleet/gcp/storage-store.ts';
import type { SendHttp } from '../../fleet/http.ts';
import type { ObjectStore } from '../../fleet/object-store.ts';

/** Whatever is asked is answered so. */
function answering(status: number, body: string, headers: Record<string, string> = {}): SendHttp {
  return async () => ({ status, body: Buffer.from(body), headers });
}

async function said(asked: Promise<unknown>): Promise<string> {
  return asked.then(
    () => assert.fail('it was not refused'),
    (error: unknown) => describeError(error),
  );
}

async function listed(store: ObjectStore): Promise<void> {
  for await (const _page of store.list('statuses/'));
}

const TIMEOUT_MS = 1_000;
const ADVICE = '(`npm run fleet -- policy` prints all that is needed)';

describe('a refusal for want of a right names it', () => {
  describe('on AWS', () => {
    const ann = 'User: arn:aws:iam::123456789012:user/ann is not authorized to perform';
    function client(status: number, body: string, region = 'eu-west-1') {
      const credentials = async () => ({ accessKeyId: 'AKIA', secretAccessKey: 'secret' });
      const send = answering(status, body);
      const plain = createAwsClient({
        region,
        credentials,
        environment: {},
        timeoutMs: TIMEOUT_MS,
        send,
      });
      return namingAwsLacks(plain, 'pool-bucket');
    }
    const ofS3 = (message: string, region?: string) =>
      client(
        403,
        `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>${message}</Message><RequestId>656c76696e6727732072657175657374</RequestId><HostId>Uuag1LuByRx9e6j5Onimru9pO4ZVKnJ2Qz7</HostId></Error>`,
        region,
      );
    const ofAutoScaling = (message: string, code = 'AccessDenied') =>
      client(
        403,
        `<ErrorResponse xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>7c6e177f-f082-11e1-ac58-3714bEXAMPLE</RequestId></ErrorResponse>`,
      );
    const store = (message: string, region?: string) =>
      createS3Store({ client: ofS3(message, region), bucket: 'pool-bucket' });

    const rows: [string, () => Promise<unknown>, string][] = [
      [
        'of S3, in full',
        () =>
          listed(
            store(
              `${ann}: s3:ListBucket on resource: "arn:aws:s3:::pool-bucket" because no identity-based policy allows the s3:ListBucket action`,
            ),
          ),
        'lack s3:ListBucket on arn:aws:s3:::pool-bucket (',
      ],
      [
        'of S3, with its quotes as XML writes them',
        () =>
          listed(
            store(
              `${ann}: s3:ListBucket on resource: &quot;arn:aws:s3:::pool-bucket&quot; because no identity-based policy allows the s3:ListBucket action`,
            ),
          ),
        'lack s3:ListBucket on arn:aws:s3:::pool-bucket (',
      ],
      [
        'of S3, of a list',
        () => listed(store('Access Denied')),
        'lack s3:ListBucket on arn:aws:s3:::pool-bucket (',
      ],
      [
        'of S3, in another partition',
        () => listed(store('Access Denied', 'us-gov-west-1')),
        'lack s3:ListBucket on arn:aws-us-gov:s3:::pool-bucket (',
      ],
      [
        'of S3, of an object, which may not be there',
        () => store('Access Denied').get('decisions/i-1.json'),
        'lack s3:GetObject on arn:aws:s3:::pool-bucket/decisions/i-1.json (or, where there is none, s3:ListBucket on arn:aws:s3:::pool-bucket) (',
      ],
      [
        'of S3, of a write',
        () => store('Access Denied').put('decisions/i-1.json', '{}'),
        'lack s3:PutObject on arn:aws:s3:::pool-bucket/decisions/i-1.json (',
      ],
      [
        'of Auto Scaling, of what has no resource',
        () =>
          createAutoScalingGroup(
            ofAutoScaling(
              `${ann}: autoscaling:DescribeAutoScalingGroups because no identity-based policy allows the autoscaling:DescribeAutoScalingGroups action`,
            ),
            'pool',
          ).read(),
        'lack autoscaling:DescribeAutoScalingGroups on * (',
      ],
      [
        'of Auto Scaling, of a group',
        () =>
          createAutoScalingGroup(
            ofAutoScaling(
              `${ann}: autoscaling:TerminateInstanceInAutoScalingGroup on resource: arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:c6baca75-c880-41cd-a5d1-0c1b1f2a3b4c:autoScalingGroupName/pool because no identity-based policy allows the autoscaling:TerminateInstanceInAutoScalingGroup action`,
            ),
            'pool',
          ).terminate('i-1'),
        'lack autoscaling:TerminateInstanceInAutoScalingGroup on arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:c6baca75-c880-41cd-a5d1-0c1b1f2a3b4c:autoScalingGroupName/pool (',
      ],
    ];
    for (const [what, ask, names] of rows) {
      it(what, async () => {
        const text = await said(ask());
        assert.ok(text.includes(names) && text.includes(ADVICE), text);
      });
    }

    it('and not where keys are over: that no policy helps', async () => {
      const over = ofAutoScaling('The security token included in the request is expired', 'ExpiredToken');
      assert.doesNotMatch(await said(createAutoScalingGroup(over, 'pool').read()), /lack|policy/);
    });
  });

  describe('on Azure', () => {
    const scope =
      '/subscriptions/5a1b2c3d-0000-4000-8000-123456789012/resourceGroups/ebbtide-media/providers/Microsoft.Compute/virtualMachineScaleSets/ebbtide-media';
    const set = (status: number, error: object) =>
      createScaleSet(
        namingAzureLacks(
          createAzureClient({
            base: 'https://management.azure.com',
            token: async () => 'token',
            timeoutMs: TIMEOUT_MS,
            send: answering(status, JSON.stringify({ error })),
          }),
        ),
        {
          subscriptionId: '5a1b2c3d-0000-4000-8000-123456789012',
          resourceGroup: 'ebbtide-media',
          group: 'ebbtide-media',
          autoscale: 'ebbtide-media',
        },
      );

    it('of the resource manager, however long it is', async () => {
      const message = `The client 'live.com#ann.who.has.quite.a.long.name@department.example.org' with object id '0f5c7a1e-91b4-4f0f-8f0e-2d8f5a1c7b3d' does not have authorization to perform action 'Microsoft.Compute/virtualMachineScaleSets/virtualMachines/read' over scope '${scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`;
      const text = await said(set(403, { code: 'AuthorizationFailed', message }).instances());
      const names = `lack the action Microsoft.Compute/virtualMachineScaleSets/virtualMachines/read over ${scope} (`;
      assert.ok(text.includes(names) && text.includes(ADVICE), text);
    });

    it('of a scope that it leads to', async () => {
      const message = `The client 'ann@example.org' with object id '0f5c7a1e-91b4-4f0f-8f0e-2d8f5a1c7b3d' has permission to perform action 'Microsoft.Compute/virtualMachineScaleSets/read' on scope '/a'; however, it does not have permission to perform action(s) 'Microsoft.Network/virtualNetworks/subnets/join/action' on the linked scope(s) '${scope}' (respectively) or the linked scope(s) are invalid.`;
      const text = await said(set(403, { code: 'LinkedAuthorizationFailed', message }).instances());
      assert.ok(
        text.includes(
          `lack the action Microsoft.Network/virtualNetworks/subnets/join/action over ${scope} (`,
        ),
        text,
      );
    });

    it('and not where its token is over', async () => {
      const error = {
        code: 'ExpiredAuthenticationToken',
        message: 'The access token expiry UTC time is past.',
      };
      assert.doesNotMatch(await said(set(401, error).instances()), /lack|policy/);
    });
  });

  describe('on Google Cloud', () => {
    const client = (status: number, body: unknown) =>
      namingGcpLacks(
        createGcpClient({
          token: async () => 'token',
          environment: {},
          timeoutMs: TIMEOUT_MS,
          send: answering(status, typeof body === 'string' ? body : JSON.stringify(body)),
        }),
      );
    const refusal = (message: string, more: object = {}) => ({
      error: {
        code: 403,
        message,
        errors: [{ message, domain: 'global', reason: 'forbidden' }],
        ...more,
      },
    });
    const compute = (body: unknown) =>
      createCompute({
        client: client(403, body),
        clock: createRealClock(),
        project: 'my-project',
        region: 'europe-west1',
        pool: 'media',
        group: 'ebbtide-media',
        autoscaler: 'ebbtide-media',
      });
    const store = (body: unknown) => createStorageStore({ client: client(403, body), bucket: 'pool-bucket' });
    const noList =
      "ann@example.org does not have storage.objects.list access to the Google Cloud Storage bucket. Permission 'storage.objects.list' denied on resource (or it may not exist).";

    const rows: [string, () => Promise<unknown>, string][] = [
      [
        'of Compute Engine',
        () =>
          compute(
            refusal("Required 'compute.instances.list' permission for 'projects/my-project'"),
          ).listInstances(),
        'lack the permission compute.instances.list on projects/my-project (',
      ],
      [
        'of Cloud Storage',
        () => listed(store(refusal(noList))),
        'lack the permission storage.objects.list on /storage/v1/b/pool-bucket/o (',
      ],
      [
        'of a download, in plain text',
        () => store(noList.replaceAll('list', 'get').replace('bucket', 'object')).get('decisions/a.json'),
        'lack the permission storage.objects.get on /storage/v1/b/pool-bucket/o/decisions/a.json (',
      ],
      [
        'of a service of the newer kind',
        () =>
          compute({
            error: {
              code: 403,
              message:
                "Permission 'compute.instanceGroupManagers.get' denied on resource '//compute.googleapis.com/projects/my-project' (or it may not exist).",
              status: 'PERMISSION_DENIED',
              details: [
                {
                  '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
                  reason: 'IAM_PERMISSION_DENIED',
                  domain: 'iam.googleapis.com',
                },
              ],
            },
          }).readGroup(),
        'lack the permission compute.instanceGroupManagers.get on //compute.googleapis.com/projects/my-project (',
      ],
      [
        'of one that names none',
        () =>
          compute({
            error: { code: 403, message: 'The caller does not have permission', status: 'PERMISSION_DENIED' },
          }).readGroup(),
        'lack the permission to GET /compute/v1/projects/my-project/regions/europe-west1/instanceGroupManagers/ebbtide-media (',
      ],
      [
        "of a token's scopes",
        () => compute(refusal('Request had insufficient authentication scopes.')).readGroup(),
        'lack the OAuth scope https://www.googleapis.com/auth/cloud-platform of its token (',
      ],
    ];
    for (const [what, ask, names] of rows) {
      it(what, async () => {
        const text = await said(ask());
        assert.ok(text.includes(names) && text.includes(ADVICE), text);
      });
    }

    const others: [string, string, string][] = [
      ['a limit', 'rateLimitExceeded', 'Rate Limit Exceeded'],
      [
        'a service that is off',
        'accessNotConfigured',
        'Compute Engine API has not been used in project 1 before',
      ],
    ];
    for (const [what, reason, message] of others) {
      it(`and not for ${what}, which Google refuses as 403 too`, async () => {
        const body = refusal(message, { errors: [{ message, domain: 'usageLimits', reason }] });
        assert.doesNotMatch(await said(compute(body).readGroup()), /lack|policy/);
      });
    }
  });

  describe('on DigitalOcean', () => {
    const droplets = (status: number, body: unknown) =>
      createDroplets({
        client: namingScopes(
          createDigitalOceanClient({
            token: async () => 'token',
            environment: {},
            clock: createRealClock(),
            timeoutMs: TIMEOUT_MS,
            send: answering(status, JSON.stringify(body)),
          }),
        ),
        pool: 'media',
      });

    it('of the API, which names it', async () => {
      const body = { id: 'Forbidden', message: 'You are missing the required permission droplet:read.' };
      const text = await said(droplets(403, body).list());
      assert.ok(
        text.includes('lack the scope droplet:read of the API token (') && text.includes(ADVICE),
        text,
      );
    });

    it('of the API, which names none', async () => {
      const body = { id: 'Forbidden', message: 'You are not authorized to perform this operation' };
      const text = await said(droplets(403, body).list());
      assert.ok(text.includes('lack one of the scopes droplet:read, tag:read of the API token ('), text);
    });

    it('and what shows only in an answer: droplets without tags', async () => {
      const droplet = {
        id: 1,
        name: 'ebbtide-media-a',
        status: 'active',
        created_at: '2026-01-01T00:00:00Z',
        tags: [],
        region: { slug: 'fra1' },
        size_slug: 's-1vcpu-1gb',
        networks: { v4: [], v6: [] },
      };
      const body = { droplets: [droplet], links: {}, meta: { total: 1 } };
      const text = await said(naming(droplets(200, body).list(), scopeLack));
      assert.ok(text.includes('lack the scope tag:read of the API token ('), text);
    });

    it('and not where the token is none', async () => {
      const body = { id: 'Unauthorized', message: 'Unable to authenticate you' };
      assert.doesNotMatch(await said(droplets(401, body).list()), /lack|policy/);
    });

    const rows: [string, (store: ObjectStore) => Promise<unknown>, string][] = [
      ['to read', listed, 'lack the grant read on the bucket statuses of the Spaces key ('],
      [
        'to write',
        (store) => store.put('decisions/a.json', '{}'),
        'lack the grant readwrite on the bucket statuses of the Spaces key (',
      ],
    ];
    for (const [what, ask, names] of rows) {
      it(`of Spaces, ${what}`, async () => {
        const body =
          '<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message></Message><BucketName>statuses</BucketName><RequestId>tx0000-fra1c</RequestId><HostId>fra1c</HostId></Error>';
        const client = createAwsClient({
          region: 'fra1',
          credentials: async () => ({ accessKeyId: 'DO00', secretAccessKey: 'secret' }),
          environment: {},
          timeoutMs: TIMEOUT_MS,
          send: answering(403, body),
        });
        const endpoint = 'https://fra1.digitaloceanspaces.com';
        const text = await said(
          ask(createS3Store({ client: namingGrants(client), bucket: 'statuses', endpoint })),
        );
        assert.ok(text.includes(names) && text.includes(ADVICE), text);
      });
    }
  });
});

describe('a registry that may not be read', () => {
  const store = (problem: string): ObjectStore => ({
    async *list(prefix) {
      yield [{ key: `${prefix}a.json`, ageMs: 0 }];
    },
    get: async () => {
      throw new Error(problem);
    },
    put: async () => undefined,
  });

  it('was not read to its end, and says which right is missing, whichever object it was about', async () => {
    const lack = 'your credentials lack s3:GetObject on b/statuses/a.json';
    const registry = tellingLacks(createBucketRegistry({ store: store(lack) }));
    const fleet = await registry.readFleet();
    const decisions = await registry.readDecisions(new Set(['a']));
    for (const { complete, problem } of [fleet, decisions]) {
      assert.equal(complete, false);
      assert.match(problem ?? '', /lack s3:GetObject/);
    }
  });

  it('is whole where one object alone makes no sense', async () => {
    const registry = tellingLacks(createBucketRegistry({ store: store('half a status') }));
    assert.equal((await registry.readFleet()).complete, true);
    assert.equal((await registry.readDecisions(new Set(['a']))).complete, true);
  });
});

import assert from 'node:assert/strict';
import { type AccessRequest, evaluate } from '../../lab/aws/iam.ts';
import { parsePolicy } from '../../lab/aws/policy-document.ts';

const ROLE = 'arn:aws:iam::111122223333:role/node';
const BUCKET = 'arn:aws:s3:::pool';
const USER_ID = '$' + '{aws:userid}';

function policy(...statements: object[]) {
  return parsePolicy(JSON.stringify({ Version: '2012-10-17', Statement: statements }), 'a test');
}

function request(action: string, resource: string, context: Record<string, string> = {}): AccessRequest {
  return {
    principal: ROLE,
    action,
    resource,
    context: { 'aws:userid': 'AROAX:i-1', 'aws:SecureTransport': 'true', ...context },
  };
}

const ownStatus = policy({
  Effect: 'Allow',
  Action: 's3:PutObject',
  Resource: `${BUCKET}/statuses/${USER_ID}.json`,
});
const listDecisions = policy({
  Effect: 'Allow',
  Action: 's3:ListBucket',
  Resource: BUCKET,
  Condition: { StringLike: { 's3:prefix': ['decisions/*'] } },
});
const inNamespace = policy({
  Effect: 'Allow',
  Action: 'cloudwatch:PutMetricData',
  Resource: '*',
  Condition: { StringEquals: { 'CloudWatch:Namespace': 'Ebbtide/media' } },
});
const tlsOnly = policy({
  Effect: 'Deny',
  Principal: '*',
  Action: 's3:*',
  Resource: [BUCKET, `${BUCKET}/*`],
  Condition: { Bool: { 'aws:SecureTransport': 'false' } },
});
const group =
  'arn:aws:autoscaling:eu-west-1:111122223333:autoScalingGroup:4d-7:autoScalingGroupName/ebbtide-media';
const ownGroup = policy({
  Effect: 'Allow',
  Action: ['autoscaling:CompleteLifecycleAction'],
  Resource: 'arn:aws:autoscaling:eu-west-1:*:autoScalingGroup:*:autoScalingGroupName/ebbtide-media',
});

const rows: {
  given: string;
  when: AccessRequest;
  identity: ReturnType<typeof policy>[];
  bucket?: ReturnType<typeof policy>;
  then: boolean;
}[] = [
  {
    given: 'its own status',
    when: request('s3:PutObject', `${BUCKET}/statuses/AROAX:i-1.json`),
    identity: [ownStatus],
    then: true,
  },
  {
    given: "another node's status",
    when: request('s3:PutObject', `${BUCKET}/statuses/AROAX:i-2.json`),
    identity: [ownStatus],
    then: false,
  },
  {
    given: 'a user id full of wildcards, which are none',
    when: {
      ...request('s3:PutObject', `${BUCKET}/statuses/AROAX:i-2.json`),
      context: { 'aws:userid': 'AROAX:i-*' },
    },
    identity: [ownStatus],
    then: false,
  },
  {
    given: 'a variable without a value',
    when: { ...request('s3:PutObject', `${BUCKET}/statuses/.json`), context: {} },
    identity: [ownStatus],
    then: false,
  },
  {
    given: 'reading where only writing is allowed',
    when: request('s3:GetObject', `${BUCKET}/statuses/AROAX:i-1.json`),
    identity: [ownStatus],
    then: false,
  },
  {
    given: 'an action in other letters',
    when: request('S3:putobject', `${BUCKET}/statuses/AROAX:i-1.json`),
    identity: [ownStatus],
    then: true,
  },
  {
    given: 'a list of an allowed prefix',
    when: request('s3:ListBucket', BUCKET, { 's3:prefix': 'decisions/i-1' }),
    identity: [listDecisions],
    then: true,
  },
  {
    given: 'a list of another prefix',
    when: request('s3:ListBucket', BUCKET, { 's3:prefix': 'statuses/' }),
    identity: [listDecisions],
    then: false,
  },
  {
    given: 'a list without a prefix',
    when: request('s3:ListBucket', BUCKET),
    identity: [listDecisions],
    then: false,
  },
  {
    given: 'a list without a prefix, allowed if it has none',
    when: request('s3:ListBucket', BUCKET),
    identity: [
      policy({
        Effect: 'Allow',
        Action: 's3:List*',
        Resource: '*',
        Condition: { StringLikeIfExists: { 's3:prefix': 'decisions/*' } },
      }),
    ],
    then: true,
  },
  {
    given: 'the own namespace',
    when: request('cloudwatch:PutMetricData', '*', { 'cloudwatch:namespace': 'Ebbtide/media' }),
    identity: [inNamespace],
    then: true,
  },
  {
    given: 'another namespace',
    when: request('cloudwatch:PutMetricData', '*', { 'cloudwatch:namespace': 'Other' }),
    identity: [inNamespace],
    then: false,
  },
  {
    given: 'the own group',
    when: request('autoscaling:CompleteLifecycleAction', group),
    identity: [ownGroup],
    then: true,
  },
  {
    given: 'another group',
    when: request('autoscaling:CompleteLifecycleAction', `${group}-2`),
    identity: [ownGroup],
    then: false,
  },
  {
    given: 'a bucket that wants TLS, by TLS',
    when: request('s3:PutObject', `${BUCKET}/statuses/AROAX:i-1.json`),
    identity: [ownStatus],
    bucket: tlsOnly,
    then: true,
  },
  {
    given: 'a bucket that wants TLS, without',
    when: request('s3:PutObject', `${BUCKET}/statuses/AROAX:i-1.json`, { 'aws:SecureTransport': 'false' }),
    identity: [ownStatus],
    bucket: tlsOnly,
    then: false,
  },
  {
    given: 'an allow by the bucket alone',
    when: request('s3:GetObject', `${BUCKET}/x`),
    identity: [],
    bucket: policy({
      Effect: 'Allow',
      Principal: { AWS: 'arn:aws:iam::111122223333:root' },
      Action: 's3:GetObject',
      Resource: `${BUCKET}/*`,
    }),
    then: true,
  },
  {
    given: 'a deny beside an allow',
    when: request('s3:PutObject', `${BUCKET}/statuses/AROAX:i-1.json`),
    identity: [ownStatus, policy({ Effect: 'Deny', NotAction: 's3:GetObject', Resource: '*' })],
    then: false,
  },
];

describe('policies in the twin AWS', () => {
  for (const { given, when, identity, bucket, then } of rows) {
    it(`${given}: ${then ? 'allowed' : 'refused'}`, () => {
      assert.equal(evaluate(when, identity, bucket ? [bucket] : []).allowed, then);
    });
  }

  it('does not guess at a condition that it does not know', () => {
    const dated = policy({
      Effect: 'Allow',
      Action: '*',
      Resource: '*',
      Condition: { DateLessThan: { 'aws:userid': '2030' } },
    });
    assert.throws(
      () => evaluate(request('s3:GetObject', BUCKET), [dated]),
      /does not know the condition operator DateLessThan/,
    );
  });

  it('refuses a policy with a member that is none', () => {
    assert.throws(() => policy({ Effect: 'Allow', Actions: 's3:*', Resource: '*' }), /malformed/);
  });
});

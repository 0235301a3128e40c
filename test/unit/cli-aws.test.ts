import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { connectAws } from '../../cli/clouds/aws.ts';
import type { Replacement } from '../../cli/pool.ts';
import type { Decision } from '../../fleet/decision.ts';
import { poolAddress } from '../support/pool-address.ts';
import { ago } from './support/fleet.ts';
import { useLocalServer } from './support/local-server.ts';

const ADDRESS = poolAddress('aws');
const DECISION: Decision = {
  v: 1,
  id: 'd',
  node: 'i-1',
  machine: 'i-1',
  pool: 'media',
  at: ago(0),
  by: 'ana (fleet remove)',
  cause: 'operator',
  intent: 'leave',
  reason: 'idle',
};
const AT_MINIMUM =
  "Currently, desiredSize equals minSize (1). Terminating instance without replacement will violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's min size.";

const local = useLocalServer();

/** One is asked to leave, of a group that answers so; with what was written, and how often the group was asked. */
async function leave(replacement: Replacement, answer: (asked: string) => { status: number; body: string }) {
  const written: Decision[] = [];
  const asked: string[] = [];
  const server = await local.start(({ method, body }) => {
    if (method === 'PUT') {
      written.push(JSON.parse(body));
      return { status: 200, headers: { etag: '"1"' }, body: '' };
    }
    const decrement = new URLSearchParams(body).get('ShouldDecrementDesiredCapacity') ?? '';
    asked.push(decrement);
    return answer(decrement);
  });
  const before = process.env;
  process.env = { ...before, AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' };
  try {
    const pool = connectAws(ADDRESS, { AWS_ENDPOINT_URL: server.url });
    const machine = {
      node: 'i-1',
      machine: 'i-1',
      zone: 'a',
      place: 'in-group' as const,
      state: 'InService',
      protected: false,
    };
    const [end] = await Promise.allSettled([pool.leave(machine, DECISION, replacement)]);
    return { end, written, asked };
  } finally {
    process.env = before;
  }
}

const refusal = (status: number, code: string, message: string) => ({
  status,
  body: `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`,
});
const DONE = {
  status: 200,
  body: '<TerminateInstanceInAutoScalingGroupResponse><TerminateInstanceInAutoScalingGroupResult/></TerminateInstanceInAutoScalingGroupResponse>',
};

describe('a node of AWS that an operator has leave', () => {
  it('is decided first, and then ended', async () => {
    const { end, written, asked } = await leave('if-needed', () => DONE);
    assert.equal(end?.status, 'fulfilled');
    assert.deepEqual([written, asked], [[DECISION], ['true']]);
  });

  it('brings another where the group is at its minimum', async () => {
    const { end, asked } = await leave('if-needed', (decrement) =>
      decrement === 'true' ? refusal(400, 'ValidationError', AT_MINIMUM) : DONE,
    );
    assert.match(String(end?.status === 'fulfilled' && end.value), /so that another comes in its place/);
    assert.deepEqual(asked, ['true', 'false']);
  });

  it('stays where AWS refuses, and its decision says so', async () => {
    const { end, written, asked } = await leave('never', () => refusal(400, 'ValidationError', AT_MINIMUM));
    assert.match(String(end?.status === 'rejected' && end.reason), /min size/);
    assert.deepEqual(asked, ['true']);
    assert.equal(written.length, 2);
    const { reason, ...rest } = written[1] ?? assert.fail('nothing was written');
    assert.match(reason, /^idle; AWS refused to end it: .*min size/);
    assert.deepEqual({ ...rest, reason: 'idle' }, DECISION);
  });

  it('may leave all the same where AWS gives no clear answer: its decision stands', async () => {
    const { end, written } = await leave('never', () => refusal(500, 'InternalFailure', 'try again'));
    assert.equal(end?.status, 'rejected');
    assert.deepEqual([...new Set(written.map(({ reason }) => reason))], ['idle']);
  });
});

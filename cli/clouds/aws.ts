import { createAutoScalingGroup, type GroupMachine } from '../../fleet/aws/auto-scaling-group.ts';
import { AwsError, createAwsClient } from '../../fleet/aws/client.ts';
import { operatorCredentials } from '../../fleet/aws/operator-credentials.ts';
import { createS3Store } from '../../fleet/aws/s3-store.ts';
import { createBucketRegistry } from '../../fleet/bucket-registry.ts';
import { describeError } from '../../fleet/error.ts';
import type { PoolAddressOf } from '../../fleet/pool-address.ts';
import type { Place } from '../../fleet/pool-machine.ts';
import type { Environment } from '../environment.ts';
import type { Pool, Replacement } from '../pool.ts';
import { namingAwsLacks } from '../rights/aws-lacks.ts';
import { REQUEST_TIMEOUT_MS } from '../timeouts.ts';

export function connectAws(address: PoolAddressOf<'aws'>, environment: Environment): Pool {
  const { region, profile, group: name, bucket } = address;
  const credentials = operatorCredentials(profile);
  const plain = createAwsClient({ region, credentials, environment, timeoutMs: REQUEST_TIMEOUT_MS });
  const client = namingAwsLacks(plain, bucket);
  const group = createAutoScalingGroup(client, name);
  const store = createS3Store({ client, bucket });
  const registry = createBucketRegistry({ store });
  return {
    address,
    machines: async () =>
      (await group.readMachines()).map((machine) => ({
        node: machine.node,
        machine: machine.node,
        zone: machine.zone,
        place: placeOf(machine),
        state: machine.lifecycleState,
        // What is said of a machine lies in its tags, which its node reads and tells.
        protected: false,
      })),
    registry,
    store,
    async leave({ node }, decision, replacement) {
      await registry.writeDecision(decision);
      try {
        return await end(node, replacement);
      } catch (cause) {
        // It stays, and its story is to say so; what was refused is told, whatever becomes of that.
        if (isRefused(cause)) {
          const reason = `${decision.reason}; AWS refused to end it: ${describeError(cause)}`;
          await Promise.allSettled([registry.writeDecision({ ...decision, reason })]);
        }
        throw cause;
      }
    },
  };

  async function end(node: string, replacement: Replacement): Promise<string | undefined> {
    if (replacement === 'at-once') {
      await group.terminate(node);
      return 'another comes in its place';
    }
    try {
      await group.terminate(node, true);
      return undefined;
    } catch (cause) {
      if (replacement === 'never' || !isAtMinimum(cause)) throw cause;
    }
    await group.terminate(node);
    return 'the group is at its minimum, so that another comes in its place';
  }
}

/** For certain: where no answer came, it may have begun all the same. */
function isRefused(cause: unknown): boolean {
  if (cause instanceof AwsError) return cause.status !== undefined && cause.status < 500;
  return cause instanceof Error && cause.cause !== undefined && isRefused(cause.cause);
}

/** AWS has no code of its own for it. */
function isAtMinimum(cause: unknown): boolean {
  return cause instanceof AwsError && cause.code === 'ValidationError' && /min size/i.test(cause.message);
}

function placeOf({ lifecycleState }: GroupMachine): Place {
  switch (lifecycleState) {
    case 'InService':
      return 'in-group';
    case 'Terminating':
    case 'Terminating:Wait':
    case 'Terminating:Retained':
      return 'leaving-group';
    case 'Terminating:Proceed':
    case 'Terminated':
      return 'ending';
    default:
      return 'unsettled';
  }
}

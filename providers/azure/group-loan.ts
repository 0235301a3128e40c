import { setTimeout as sleep } from 'node:timers/promises';
import * as v from 'valibot';
import { AzureError } from '../../fleet/azure/client.ts';
import { createRunbookLock } from '../../fleet/azure/runbook-lock.ts';
import { createSetProtection, type ProtectedInstance } from '../../fleet/azure/set-protection.ts';
import { describeError } from '../../fleet/error.ts';
import { operatorClients } from './operator-clients.ts';
import { isHopeless } from './sweep.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const placeSchema = v.object({
  group: v.string(),
  subscriptionId: v.string(),
  tenantId: v.optional(v.string()),
  resourceGroup: v.string(),
  storage: v.string(),
  store: v.string(),
});
type Place = v.InferOutput<typeof placeSchema>;

/** Of a scale set nothing of its model changes: only that its machines become protected from scale-in. */
const beforeSchema = v.object({ v: v.literal(1), protected: v.array(v.string()) });
const loanSchema = v.object({
  ...placeSchema.entries,
  before: v.pipe(v.string(), v.parseJson(), beforeSchema),
});

/** Which of its machines somebody else protects. */
export async function noteGroup(state: unknown, environment: Environment): Promise<string> {
  const { protection } = handsOf(v.parse(placeSchema, state), environment);
  const machines = (await protection.list()).map(({ machine }) => machine);
  return JSON.stringify({ v: 1, protected: machines } satisfies v.InferOutput<typeof beforeSchema>);
}

/** The runbook protects machines by itself; a parting that did not come to its end may have stopped it. Safe to repeat. */
export async function borrowGroup(state: unknown, environment: Environment): Promise<void> {
  await handsOf(v.parse(loanSchema, state), environment).lock.release();
}

export async function isBorrowed(state: unknown, environment: Environment): Promise<boolean> {
  return !(await handsOf(v.parse(loanSchema, state), environment).lock.isHeld());
}

const ROUNDS = 60;
const PAUSE_MS = 5_000;
const AT_ONCE = 4;

/** Machines that were not protected before, nor by a person since, are not any more. Then, as the runbook is gone, nothing holds its lock. */
export async function giveBackGroup(
  state: unknown,
  environment: Environment,
  pauseMs = PAUSE_MS,
): Promise<void> {
  const { before, ...place } = v.parse(loanSchema, state);
  const { protection, lock } = handsOf(place, environment);
  const theirs = new Set(before.protected);
  let trouble: unknown;
  for (let round = 1; ; round += 1) {
    const ours = (await listOrNone(protection)).filter(
      ({ machine, byOperator }) => !theirs.has(machine) && !byOperator,
    );
    if (ours.length === 0) break;
    if (round > ROUNDS) {
      throw new Error(
        `${ours.length} machines of ${place.group} are protected from scale-in still: run this again` +
          (trouble === undefined ? '' : `. ${describeError(trouble)}`),
      );
    }
    if (round > 1) await sleep(pauseMs);
    trouble = await endAll(ours, protection.end);
  }
  await lock.release();
}

/** A set that is gone has none. */
async function listOrNone({ list }: ReturnType<typeof handsOf>['protection']): Promise<ProtectedInstance[]> {
  try {
    return await list();
  } catch (cause) {
    if (cause instanceof AzureError && cause.status === 404 && NOT_THERE.includes(cause.reason)) return [];
    throw cause;
  }
}

const NOT_THERE = ['ResourceNotFound', 'ResourceGroupNotFound', 'NotFound'];

/** What fails for a while, since Azure changes something else of the set, is done in a later round. */
async function endAll(
  instances: readonly ProtectedInstance[],
  end: (instance: ProtectedInstance) => Promise<void>,
): Promise<unknown> {
  const left = [...instances];
  let trouble: unknown;
  const one = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      try {
        await end(next);
      } catch (cause) {
        if (isHopeless(cause)) throw cause;
        trouble = cause;
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  return trouble;
}

function handsOf(place: Place, environment: Environment) {
  const { client, blobs } = operatorClients(place, environment);
  const { subscriptionId, resourceGroup, group } = place;
  const set =
    `/subscriptions/${subscriptionId}/resourceGroups/${encodeURIComponent(resourceGroup)}` +
    `/providers/Microsoft.Compute/virtualMachineScaleSets/${encodeURIComponent(group)}`;
  return { protection: createSetProtection(client, set), lock: createRunbookLock(blobs) };
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { AwsTwin } from '../aws-twin.ts';
import type { Inputs } from '../resource-types.ts';
import type { ScalingGroup } from '../scaling-group.ts';
import type { Made } from './made.ts';

export const GROUP = 'aws:autoscaling/group:Group';

const LOOK_EVERY_MS = 100;

/** A new group is done when as many instances serve as it wants, as the real provider waits for it. */
export async function waitForCapacity(twin: AwsTwin, name: string, inputs: Inputs): Promise<void> {
  const patienceMs = parseGoDuration(String(inputs.waitForCapacityTimeout));
  if (patienceMs === 0) return;
  const scaling = groupNamed(twin, name);
  const serving = () => scaling.instances().filter(({ life }) => life.state === 'InService').length;
  const waited = await waitUntil(twin, patienceMs, () => serving() >= scaling.desired());
  if (waited) return;
  throw new Error(
    `waiting for the capacity of ${name}: ${serving()} of ${scaling.desired()} instances were in service after ${inputs.waitForCapacityTimeout}`,
  );
}

/** What somebody or something else chose since it was provisioned. */
export function groupAsItIs(twin: AwsTwin, made: Made): Made {
  const { group, desired } = groupNamed(twin, made.id);
  const live = { minSize: group.min, maxSize: group.max, desiredCapacity: desired() };
  return { ...made, inputs: { ...made.inputs, ...live }, outputs: { ...made.outputs, ...live } };
}

/**
 * The real provider asks for no instances and waits until there are none; with `forceDelete` it leaves that to AWS,
 * which refuses it for a group that retains.
 */
export async function deleteGroup(
  twin: AwsTwin,
  name: string,
  inputs: Inputs,
  timeoutMs: number,
): Promise<void> {
  const scaling = groupNamed(twin, name);
  if (inputs.forceDelete === true) throw new Error('the twin does not simulate forceDelete');
  scaling.change({ min: 0, max: 0, desired: 0 });
  const left = () => scaling.instances().filter(({ life }) => life.state !== 'Terminated');
  if (await waitUntil(twin, timeoutMs, () => left().length === 0)) return;
  const named = left().map(({ id, life }) => `${id} (${life.state})`);
  throw new Error(`waiting for the group ${name} to be drained: ${named.join(', ')} are still there`);
}

function groupNamed(twin: AwsTwin, name: string): ScalingGroup {
  const found = twin.groups().find(({ group }) => group.name === name);
  if (found === undefined) throw new Error(`there is no group ${name} in the twin`);
  return found;
}

/** `patienceMs` is by the cloud's clock. False where it ran out. */
async function waitUntil(twin: AwsTwin, patienceMs: number, done: () => boolean): Promise<boolean> {
  const until = twin.now() + patienceMs;
  while (!done()) {
    if (twin.now() > until) return false;
    await sleep(LOOK_EVERY_MS);
  }
  return true;
}

/** As Go writes durations: `1h5m`, `35m0s`. */
function parseGoDuration(written: string): number {
  const parts = [...written.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g)];
  if (written !== '0' && parts.map(([whole]) => whole).join('') !== written) {
    throw new Error(`${written} is not a duration of the provider, such as 10m`);
  }
  const unitMs = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
  return parts.reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * unitMs[unit as keyof typeof unitMs],
    0,
  );
}

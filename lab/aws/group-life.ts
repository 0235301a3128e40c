import type { Made } from '../pulumi/provider/made.ts';
import { parseGoDuration, waitUntil } from '../pulumi/provider/waiting.ts';
import type { Inputs } from '../pulumi/resource.ts';
import type { AwsTwin } from './aws-twin.ts';
import type { ScalingGroup } from './scaling-group.ts';

/** A new group is done when as many instances serve as it wants, as the real provider waits for it. */
export async function waitForCapacity(twin: AwsTwin, name: string, inputs: Inputs): Promise<void> {
  const patienceMs = parseGoDuration(String(inputs.waitForCapacityTimeout));
  if (patienceMs === 0) return;
  const scaling = groupNamed(twin, name);
  const serving = () => scaling.instances().filter(({ life }) => life.state === 'InService').length;
  const waited = await waitUntil(twin.now, patienceMs, () => serving() >= scaling.desired());
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
  if (await waitUntil(twin.now, timeoutMs, () => left().length === 0)) return;
  const named = left().map(({ id, life }) => `${id} (${life.state})`);
  throw new Error(`waiting for the group ${name} to be drained: ${named.join(', ')} are still there`);
}

function groupNamed(twin: AwsTwin, name: string): ScalingGroup {
  const found = twin.groups().find(({ group }) => group.name === name);
  if (found === undefined) throw new Error(`there is no group ${name} in the twin`);
  return found;
}

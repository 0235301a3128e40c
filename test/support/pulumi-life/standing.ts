import assert from 'node:assert/strict';
import type { TwinCloud } from '../../../lab/cloud/twin-cloud.ts';
import { AGENT_UNIT, MEDIA_UNIT, type PulumiRig } from '../pulumi-rig.ts';
import type { LifeRow } from './row.ts';
import { bucketOf, statusText } from './status.ts';

export function processesOf(rig: PulumiRig): Map<string, number> {
  return new Map(
    rig
      .inService()
      .flatMap((id) =>
        [AGENT_UNIT, MEDIA_UNIT].map((unit) => [
          `${unit} of ${id}`,
          rig.machines.machine(id)?.pidOf(unit) ?? 0,
        ]),
      ),
  );
}

export function sizes(rig: PulumiRig) {
  const { min, max, desired } = rig.cloud.twin.size() ?? {};
  return { min, max, desired };
}

export async function assertNothingLeft<Twin extends TwinCloud>(
  rig: PulumiRig<Twin>,
  row: LifeRow<Twin>,
): Promise<void> {
  assert.deepEqual(row.left?.(rig.cloud.twin) ?? [], []);
  assert.deepEqual(rig.cloud.account.resources(), []);
  assert.equal(rig.cloud.twin.size(), undefined);
  assert.deepEqual(
    rig.cloud.twin.instances().filter(({ running }) => running),
    [],
  );
  const { stdout } = await rig.does('stack', 'export');
  assert.ok(!stdout.includes('"urn"'), 'the state has nothing left');
}

/** That a node tells of itself. */
export function says<Twin extends TwinCloud>(
  rig: PulumiRig<Twin>,
  { types }: LifeRow<Twin>,
  node: string,
  what: string,
): boolean {
  return statusText(rig, types.bucket, node)?.includes(what) ?? false;
}

/** Which node tells of two people. */
export function busyNode<Twin extends TwinCloud>(
  rig: PulumiRig<Twin>,
  row: LifeRow<Twin>,
): string | undefined {
  return rig.inService().find((node) => says(rig, row, node, '"people":2'));
}

/** Its agent stands still, and the registry has nothing of it, until what this answers is called. */
export function silence<Twin extends TwinCloud>(
  { machines, cloud }: PulumiRig<Twin>,
  { types }: LifeRow<Twin>,
  node: string,
): () => void {
  const agent = machines.machine(node)?.pidOf(AGENT_UNIT);
  assert.ok(agent);
  process.kill(agent, 'SIGSTOP');
  const bucket = bucketOf({ cloud }, types.bucket);
  for (const key of cloud.twin.keys(bucket)) {
    if (key.startsWith('statuses/') && key.includes(node)) cloud.twin.removeObject(bucket, key);
  }
  return () => process.kill(agent, 'SIGCONT');
}

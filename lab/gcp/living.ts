import type { LivingCloud, ResourceLife } from '../pulumi/provider/living-cloud.ts';
import type { Made } from '../pulumi/provider/made.ts';
import { waitUntil } from '../pulumi/provider/waiting.ts';
import type { RecordedResource } from '../pulumi/resource.ts';
import type { CallWorld } from './data-sources.ts';
import type { GcpTwin } from './gcp-twin.ts';
import { createPaperGcp } from './paper.ts';
import type { Place } from './place.ts';
import { readModel } from './read-model.ts';
import { GCP_RULES } from './type-rules.ts';

const GROUP = 'gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager';

/**
 * A running twin Google Cloud, as its provider works on it. It has nothing but what this provisions, and what is there
 * beforehand: what is `outside` of it, and `balancers`. `functionUrl`: where the one function that there may be is to answer.
 */
export function createLivingGcp(
  twin: GcpTwin,
  place: Place,
  functionUrl: string,
  outside: readonly RecordedResource[] = [],
  balancers: Pick<CallWorld, 'backendServices'> = {},
): LivingCloud {
  return {
    paper: createPaperGcp(
      { ...balancers, place, existing: [], groups: () => twin.groups().map(({ group }) => group) },
      functionUrl,
    ),
    rules: GCP_RULES,
    lives: { 'gcp:storage/bucket:Bucket': bucketLife(twin), [GROUP]: groupLife(twin) },
    async provision(resources) {
      await twin.provision(readModel([...outside, ...resources], place));
    },
  };
}

function bucketLife(twin: GcpTwin): ResourceLife {
  return {
    async end({ id, inputs }) {
      if (inputs.forceDestroy === true || twin.keys(id).length === 0) return;
      throw new Error(
        `Error trying to delete bucket ${id} containing objects without forceDestroy set to true`,
      );
    },
  };
}

function groupLife(twin: GcpTwin): ResourceLife {
  const groupOf = ({ inputs }: Made) => twin.groups().find(({ group }) => group.name === inputs.name);
  return {
    asItIs(made) {
      const targetSize = groupOf(made)?.targetSize();
      if (targetSize === undefined) return made;
      const given = made.inputs.targetSize === undefined ? {} : { targetSize };
      return { ...made, inputs: { ...made.inputs, ...given }, outputs: { ...made.outputs, targetSize } };
    },
    /** Google deletes a group with every machine in it, whatever is on them; the provider waits for that. */
    async end(made, timeoutMs) {
      const managed = groupOf(made);
      if (managed === undefined) return;
      managed.remove(managed.members());
      if (await waitUntil(twin.now, timeoutMs, () => managed.members().length === 0)) return;
      const left = managed.members().map(({ name }) => name);
      throw new Error(`waiting for the group ${made.id} to be deleted: ${left.join(', ')} are still there`);
    },
  };
}

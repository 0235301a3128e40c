import { MANAGER } from '../../fleet/azure/endpoints.ts';
import type { LivingCloud, ResourceLife } from '../pulumi/provider/living-cloud.ts';
import type { Made } from '../pulumi/provider/made.ts';
import { waitUntil } from '../pulumi/provider/waiting.ts';
import type { RecordedResource } from '../pulumi/resource.ts';
import type { AzureTwin } from './azure-twin.ts';
import type { CallWorld } from './data-sources.ts';
import { createForgottenSchedules } from './forgotten-schedules.ts';
import { groupOf, sameId } from './ids.ts';
import { createPaperAzure } from './paper.ts';
import type { Place } from './place.ts';
import { readModel } from './read-model.ts';
import { AZURE_RULES } from './type-rules.ts';

const SET = 'azure-native:compute:VirtualMachineScaleSet';

/** A running twin Azure, as its provider works on it. It has nothing but what this provisions, and what is `outside` of it. */
export function createLivingAzure(
  twin: AzureTwin,
  place: Place,
  outside: readonly RecordedResource[] = [],
  balancers: Pick<CallWorld, 'backendPools'> = {},
): LivingCloud {
  const scaleSets = () =>
    twin.scaleSets().map(({ set: { id, name, tags, location, zones }, capacity }) => ({
      ...{ name, tags, location, resourceGroup: groupOf(id), capacity: capacity() },
      ...(zones.length > 0 && { zones }),
    }));
  const withoutForgotten = createForgottenSchedules();
  let before: readonly RecordedResource[] = [];
  const managerToken = () => twin.operatorToken(MANAGER);
  return {
    paper: createPaperAzure({ ...balancers, place, scaleSets, managerToken }),
    rules: AZURE_RULES,
    lives: { [SET]: setLife(twin) },
    async provision(resources: readonly RecordedResource[]) {
      const told = withoutForgotten(before, resources);
      await twin.provision(readModel([...outside, ...told], place));
      before = resources;
    },
  };
}

function setLife(twin: AzureTwin): ResourceLife {
  const setOf = ({ id }: Made) => twin.scaleSets().find(({ set }) => sameId(set.id, id));
  return {
    asItIs(made) {
      const capacity = setOf(made)?.capacity();
      if (capacity === undefined) return made;
      const sku = { ...Object(made.inputs.sku), capacity };
      return { ...made, inputs: { ...made.inputs, sku }, outputs: { ...made.outputs, sku } };
    },
    /** Azure deletes a set with every machine in it, whatever is on them; the provider waits for that. */
    async end(made, timeoutMs) {
      const running = setOf(made);
      if (running === undefined) return;
      for (const member of running.members()) void running.remove(member, 'its scale set is deleted');
      if (await waitUntil(twin.now, timeoutMs, () => running.members().length === 0)) return;
      const left = running.members().map(({ name }) => name);
      throw new Error(`waiting for ${made.id} to be deleted: ${left.join(', ')} are still there`);
    },
  };
}

import { MANAGER_VARIABLE } from '../../fleet/azure/endpoints.ts';
import { createFaults } from '../cloud/faults.ts';
import { serve } from '../cloud/http-front.ts';
import { type ArmOptions, answerArm } from './front/arm.ts';
import { createRegion, type SetThere } from './front/region.ts';
import type { AzureModel } from './model.ts';
import type { Principals } from './principals.ts';

/** What the program asks of the resource manager while it runs: what there is in the region, where nothing is in use yet. `sets`: those that are there. */
export async function withManager<T>(
  model: AzureModel,
  principals: Principals,
  sets: readonly SetThere[],
  does: () => Promise<T>,
): Promise<T> {
  const refused: string[] = [];
  const manager: ArmOptions = {
    model: () => model,
    principals,
    faults: createFaults(),
    refuse: ({ action, why }) => refused.push(`${action}: ${why}`),
    isUnheard: () => false,
    now: Date.now,
    methods: createRegion({ machines: () => [], sets: () => sets, location: () => model.location }),
  };
  const server = await serve(
    (request) => answerArm(request, manager),
    (problem) => refused.push(problem),
  );
  const before = process.env[MANAGER_VARIABLE];
  process.env[MANAGER_VARIABLE] = server.url;
  try {
    const done = await does();
    if (refused.length > 0) throw new Error(`the resource manager refused:\n  ${refused.join('\n  ')}`);
    return done;
  } finally {
    if (before === undefined) delete process.env[MANAGER_VARIABLE];
    else process.env[MANAGER_VARIABLE] = before;
    await server.close();
  }
}

import * as v from 'valibot';
import { type GcpClient, GcpError, readAnswer } from './client.ts';

/** A regional group as Google describes it, as far as it can end machines in its own way. */
export interface DescribedGroup {
  name: string;
  description: string;
  baseInstanceName: string;
  /** PROACTIVE: a changed template replaces machines that run. */
  updateType: string;
  /** PROACTIVE: a zone with more than its share gives machines away. */
  redistribution: string;
  heals: boolean;
  isStateful: boolean;
  paginates: boolean;
  /** undefined where it has none. */
  autoscaler: { name: string; mode: string } | undefined;
}

export interface GroupPlace {
  project: string;
  region: string;
  group: string;
}

const lastOfUrl = v.pipe(
  v.string(),
  v.transform((url) => url.slice(url.lastIndexOf('/') + 1)),
);

const groupSchema = v.object({
  name: v.string(),
  description: v.optional(v.string(), ''),
  baseInstanceName: v.string(),
  updatePolicy: v.optional(
    v.object({
      type: v.optional(v.string(), 'OPPORTUNISTIC'),
      // Left out, Google redistributes.
      instanceRedistributionType: v.optional(v.string(), 'PROACTIVE'),
    }),
    {},
  ),
  autoHealingPolicies: v.optional(v.array(v.unknown()), []),
  statefulPolicy: v.optional(v.object({ preservedState: v.optional(v.record(v.string(), v.unknown()), {}) })),
  listManagedInstancesResults: v.optional(v.string()),
  status: v.optional(v.object({ autoscaler: v.optional(lastOfUrl) }), {}),
});

const autoscalerSchema = v.object({
  name: v.string(),
  autoscalingPolicy: v.object({ mode: v.optional(v.string(), 'ON') }),
});

/** Undefined where Google says that there is no such group in the region. Rejects when it cannot be read. */
export async function describeGroup(
  client: GcpClient,
  { project, region, group }: GroupPlace,
): Promise<DescribedGroup | undefined> {
  const root = `/compute/v1/projects/${encodeURIComponent(project)}/regions/${encodeURIComponent(region)}`;
  const ask = async <Output>(what: string, path: string, schema: v.GenericSchema<unknown, Output>) =>
    readAnswer(
      what,
      await client.send({ service: 'compute', method: 'GET', path: `${root}${path}` }),
      schema,
    );
  let found: v.InferOutput<typeof groupSchema>;
  try {
    found = await ask(
      `the group ${group}`,
      `/instanceGroupManagers/${encodeURIComponent(group)}`,
      groupSchema,
    );
  } catch (cause) {
    if (cause instanceof GcpError && cause.status === 404) return undefined;
    throw cause;
  }
  const { name, description, baseInstanceName, updatePolicy, status } = found;
  const scaler =
    status.autoscaler === undefined
      ? undefined
      : await ask(
          `the autoscaler ${status.autoscaler}`,
          `/autoscalers/${encodeURIComponent(status.autoscaler)}`,
          autoscalerSchema,
        );
  return {
    name,
    description,
    baseInstanceName,
    updateType: updatePolicy.type,
    redistribution: updatePolicy.instanceRedistributionType,
    heals: found.autoHealingPolicies.length > 0,
    isStateful: Object.values(found.statefulPolicy?.preservedState ?? {}).some(
      (kept) => typeof kept === 'object' && kept !== null && Object.keys(kept).length > 0,
    ),
    paginates: found.listManagedInstancesResults === 'PAGINATED',
    autoscaler: scaler && { name: scaler.name, mode: scaler.autoscalingPolicy.mode },
  };
}

import * as v from 'valibot';

/** What is read of Compute Engine's answers; everything else of them is left alone. */
const text = v.pipe(v.string(), v.minLength(1));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** An answer without a list may be an empty one: who needs it whole must compare it with something. */
const listOf = <Item>(item: v.GenericSchema<unknown, Item>) => v.optional(v.array(item), []);

export const autoscalerSchema = v.object({
  status: text,
  statusDetails: listOf(v.object({ type: v.optional(text, 'UNKNOWN'), message: v.optional(v.string(), '') })),
  recommendedSize: v.optional(count),
  autoscalingPolicy: v.object({ mode: text, minNumReplicas: v.optional(count) }),
});
export type AutoscalerState = v.InferOutput<typeof autoscalerSchema>;

export const groupSchema = v.object({
  baseInstanceName: text,
  targetSize: count,
  /** How many machines it has in each action. */
  currentActions: v.record(v.string(), count),
});
export type InstanceGroupState = v.InferOutput<typeof groupSchema>;

/** `https://…/zones/ZONE/instances/NAME` */
const instanceUrl = v.pipe(
  v.string(),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const match = /\/zones\/([^/]+)\/instances\/([^/]+)$/.exec(dataset.value);
    if (match?.[1] !== undefined && match[2] !== undefined) return { zone: match[1], name: match[2] };
    addIssue({ message: `${dataset.value} is not the URL of an instance` });
    return NEVER;
  }),
);

export const managedInstancesSchema = v.object({
  managedInstances: listOf(
    v.object({
      instance: instanceUrl,
      /** Absent while there is no such instance. */
      id: v.optional(v.string()),
      instanceStatus: v.optional(v.string()),
      currentAction: text,
    }),
  ),
  nextPageToken: v.optional(v.string()),
});
export type ManagedInstance = v.InferOutput<typeof managedInstancesSchema>['managedInstances'][number];

const warning = v.object({ code: v.optional(v.string()), message: v.optional(v.string()) });
const lastOfUrl = v.pipe(
  text,
  v.transform((url) => url.slice(url.lastIndexOf('/') + 1)),
);

const instanceSchema = v.object({
  id: text,
  name: text,
  zone: lastOfUrl,
  status: text,
  labels: v.optional(v.record(v.string(), v.string()), {}),
  labelFingerprint: v.optional(v.string(), ''),
  creationTimestamp: v.optional(v.string()),
  lastStopTimestamp: v.optional(v.string()),
});
export type Instance = v.InferOutput<typeof instanceSchema>;

export const aggregatedInstancesSchema = v.object({
  /** By scope: `zones/europe-west1-b`. */
  items: v.optional(
    v.record(v.string(), v.object({ instances: listOf(instanceSchema), warning: v.optional(warning) })),
    {},
  ),
  nextPageToken: v.optional(v.string()),
  unreachables: listOf(v.string()),
  warning: v.optional(warning),
});

export const operationSchema = v.object({
  name: text,
  status: v.picklist(['PENDING', 'RUNNING', 'DONE']),
  zone: v.optional(lastOfUrl),
  region: v.optional(lastOfUrl),
  error: v.optional(
    v.object({
      errors: listOf(v.object({ code: v.optional(v.string(), ''), message: v.optional(v.string(), '') })),
    }),
  ),
  httpErrorMessage: v.optional(v.string()),
});
export type Operation = v.InferOutput<typeof operationSchema>;

import * as v from 'valibot';

/** Members that say nothing about behaviour in the twin. */
export const INERT = {
  description: v.optional(v.string()),
  project: v.optional(v.string()),
  labels: v.optional(v.unknown()),
  effectiveLabels: v.optional(v.unknown()),
  pulumiLabels: v.optional(v.unknown()),
  selfLink: v.optional(v.string()),
  etag: v.optional(v.string()),
};

import * as v from 'valibot';

/** Members that say nothing about behaviour in the twin. */
export const INERT = {
  resourceGroupName: v.optional(v.string()),
  name: v.optional(v.string()),
  location: v.optional(v.string()),
  tags: v.optional(v.unknown()),
  description: v.optional(v.string()),
};

/** Autoscale and Automation take fewer than other services do. */
export const fewTags = v.optional(
  v.pipe(
    v.record(v.string(), v.string()),
    v.check((tags) => Object.keys(tags).length <= 15, 'Azure takes no more than 15 tags here'),
  ),
);

/** `PT1H30M5S` in ms. */
export const isoDuration = v.pipe(
  v.string(),
  v.regex(/^PT(?=\d)(\d+H)?(\d+M)?(\d+S)?$/, 'must be a duration in hours, minutes and seconds'),
  v.transform((text) => {
    const [, hours, minutes, seconds] = /^PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?$/.exec(text) ?? [];
    return (Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0)) * 1000;
  }),
);

export const comparison = v.picklist(['GreaterThan', 'GreaterThanOrEqual', 'LessThan', 'LessThanOrEqual']);

/** As Azure Monitor writes them, in two vocabularies. */
export const aggregation = v.pipe(
  v.picklist(['Average', 'Min', 'Max', 'Minimum', 'Maximum']),
  v.transform((name) => (name === 'Min' ? 'Minimum' : name === 'Max' ? 'Maximum' : name)),
);

export const CPU = 'Percentage CPU';

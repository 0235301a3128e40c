import * as v from 'valibot';

/** What travels in paths and queries: all of it is text. */
export const text = v.pipe(v.string(), v.minLength(1));
export const whole = v.pipe(v.string(), v.regex(/^-?\d+$/, 'must be a whole number'), v.transform(Number));
export const flag = v.pipe(
  v.picklist(['true', 'false']),
  v.transform((value) => value === 'true'),
);

/** Which members of an answer are wanted: every method takes it. */
export const FIELDS = { fields: v.optional(text) };

/** Of every list of compute. */
export const PAGING = {
  filter: v.optional(text),
  maxResults: v.optional(v.pipe(whole, v.minValue(0), v.maxValue(500))),
  pageToken: v.optional(text),
};

/** Of every change of compute: the same id twice is the same request. */
export const REQUEST_ID = {
  requestId: v.optional(v.pipe(v.string(), v.uuid('must be a UUID'))),
};

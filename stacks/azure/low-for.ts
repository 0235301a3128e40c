/** The alert of low load looks at five minutes at a time: two looks, so that a single dip does not count. */
export const DEFAULT_LOW_FOR_MS = 10 * 60_000;

/** Of one request of an operator's. */
export const REQUEST_TIMEOUT_MS = 10_000;

/**
 * What is promised holds on a machine of its own. One that others share may stand still for seconds: a single time that was
 * taken on it is held to so many times the promise, and of several the median to the promise itself.
 */
export const ON_A_SHARED_MACHINE = 5;

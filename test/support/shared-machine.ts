/**
 * What is promised holds on a machine of its own. One that others share may stand still for seconds: a time that was taken
 * on it is held to so many times the promise.
 */
export const ON_A_SHARED_MACHINE = 5;

export const OK = 0;
export const NOT_OK = 1;
export const WRONG_ARGUMENTS = 2;
/** By Ctrl+C, as shells tell it. */
export const INTERRUPTED = 130;

/** Metadata is near and answers at once; software comes in one piece, over a new machine's network. */
export const METADATA_TIMEOUT_MS = 2_000;
export const REQUEST_TIMEOUT_MS = 180_000;

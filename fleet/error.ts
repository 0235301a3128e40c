/** What went wrong, with every cause behind it that says something more, on one line. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.message || error.name;
  if (error.cause === undefined) return own;
  const cause = describeError(error.cause);
  return own.endsWith(cause) ? own : `${own}: ${cause}`;
}

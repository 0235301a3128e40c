import assert from 'node:assert/strict';

/** What it is rejected with; fails where that is nothing, or an error of another kind. */
export async function errorOf<Failure extends Error>(
  kind: abstract new (...given: never[]) => Failure,
  promise: Promise<unknown>,
): Promise<Failure> {
  const error = await promise.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  assert.ok(error instanceof kind, String(error));
  return error;
}

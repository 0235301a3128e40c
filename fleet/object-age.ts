/** The age of an object by its store's own clock; both times in ms since the epoch, NaN where the store told none. */
export function objectAge(key: string, storeTime: number, writtenAt: number): number {
  if (Number.isNaN(storeTime)) throw new Error(`${key}: the store did not tell its time (no Date header)`);
  if (Number.isNaN(writtenAt)) throw new Error(`${key}: the store did not tell when it was written`);
  return Math.max(0, storeTime - writtenAt);
}

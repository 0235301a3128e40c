/** For clouds that count in seconds: never less than was meant. */
export function seconds(ms: number): number {
  return Math.ceil(ms / 1000);
}

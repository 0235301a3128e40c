/** A duration as ISO 8601 writes it, in whole minutes and seconds, never less than was meant: `PT15M`, `PT1M30S`. */
export function isoDuration(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  const rest = seconds % 60;
  return `PT${minutes > 0 ? `${minutes}M` : ''}${rest > 0 || minutes === 0 ? `${rest}S` : ''}`;
}

/** `projects/123/zones/europe-west1-b`, as the metadata server writes it, is `europe-west1-b` everywhere else. */
export function zoneOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

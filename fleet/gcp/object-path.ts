/** Where an object of a bucket is in the JSON API: its key is one part of the path, slashes and all. */
export function objectPath(bucket: string, key: string): string {
  return `/storage/v1/b/${encodeURIComponent(bucket)}/o/${encodeURIComponent(key)}`;
}

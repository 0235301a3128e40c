/** The objects of a bucket in the JSON API. */
export function bucketPath(bucket: string): string {
  return `/storage/v1/b/${encodeURIComponent(bucket)}/o`;
}

/** One object: its key is one part of the path, slashes and all. */
export function objectPath(bucket: string, key: string): string {
  return `${bucketPath(bucket)}/${encodeURIComponent(key)}`;
}

/** A request as it came over the wire, to a server or to one in memory. */
export interface RawRequest {
  method: string;
  /** Path and query, undecoded. */
  target: string;
  headers: Readonly<Record<string, string | undefined>>;
  body: Buffer;
}

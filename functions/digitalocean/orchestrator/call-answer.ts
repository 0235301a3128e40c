/** What a web function gives back. */
export interface CallAnswer {
  statusCode: number;
  body: unknown;
}

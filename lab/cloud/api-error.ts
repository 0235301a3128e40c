/** A refusal in the cloud's words. `malformed`: the request itself was wrong, which our code must never send. */
export class ApiError extends Error {
  readonly status: number;
  /** The cloud's own: `AccessDenied`, `ResourceNotFound`, `rateLimitExceeded`, `not_found`. */
  readonly code: string;
  readonly malformed: boolean;
  readonly headers: Readonly<Record<string, string>>;
  constructor(
    status: number,
    code: string,
    message: string,
    { malformed = false, headers = {} }: { malformed?: boolean; headers?: Record<string, string> } = {},
  ) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
    this.malformed = malformed;
    this.headers = headers;
  }
}

export function malformed(code: string, message: string): ApiError {
  return new ApiError(400, code, message, { malformed: true });
}

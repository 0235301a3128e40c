import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LiveValidator } from 'oav';

/** Where the official descriptions lie; a clone without them skips what needs them. */
const FOLDER = join(
  process.env.EBBTIDE_SPECS ?? fileURLToPath(new URL('../../../../../shared/specs', import.meta.url)),
  'azure',
);

/** One request and its answer, as they went over the wire. */
export interface Exchange {
  method: string;
  /** From the root: path and query. */
  target: string;
  headers: Readonly<Record<string, string | undefined>>;
  body: string;
  status: number;
  answered: { headers: Readonly<Record<string, string>>; body: string };
}

/** Azure's resource manager, as Microsoft describes it. */
export interface Swagger {
  /** What is wrong with an exchange; an operation that is not described is wrong too. */
  problems(exchange: Exchange): Promise<string[]>;
}

/** Undefined where the descriptions are not here. `patterns`: below `specification/`. */
export async function readSwagger(patterns: readonly string[]): Promise<Swagger | undefined> {
  const directory = join(FOLDER, 'specification');
  if (!existsSync(directory)) return undefined;
  const validator = new LiveValidator({
    directory: FOLDER,
    git: { shouldClone: false },
    swaggerPathsPattern: patterns.map((pattern) => `/specification/${pattern}`),
  });
  await validator.initialize();
  return {
    async problems({ method, target, headers, body, status, answered }) {
      const { requestValidationResult: asked, responseValidationResult: given } =
        await validator.validateLiveRequestResponse({
          liveRequest: { method, url: target, headers: textual(headers, body), ...bodyOf(body) },
          liveResponse: {
            statusCode: String(status),
            headers: textual(answered.headers, answered.body),
            ...bodyOf(answered.body),
          },
        });
      const where = `${method} ${target} (${status})`;
      return [asked, given].flatMap(({ errors, runtimeException }) => [
        ...errors.map(
          ({ code, message, pathsInPayload }) => `${where}: ${code}: ${message} ${pathsInPayload.join(', ')}`,
        ),
        ...(runtimeException === undefined
          ? []
          : [`${where}: ${runtimeException.code}: ${runtimeException.message}`]),
      ]);
    },
  };
}

/** What has no body has no type of one; the validator wants one all the same. */
function textual(headers: Exchange['headers'], body: string): Record<string, string> {
  const known = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  );
  return { ...(body === '' ? { 'content-type': 'application/json' } : {}), ...Object.fromEntries(known) };
}

function bodyOf(body: string): { body?: Record<string, unknown> } {
  return body === '' ? {} : { body: JSON.parse(body) };
}

import * as v from 'valibot';
import type { RestartPolicy } from '../../fleet/agent-config.ts';
import { describeError } from '../../fleet/error.ts';
import { HttpError, type HttpResponse, sendHttp } from '../../fleet/http.ts';

/** What is used here is the same in all of these versions of the Docker Engine API (Docker 19.03 and later, podman 4). */
const OLDEST_VERSION = '1.40';
const NEWEST_VERSION = '1.52';

const text = v.pipe(v.string(), v.minLength(1));

const versionSchema = v.object({ ApiVersion: text, MinAPIVersion: v.nullish(v.string()) });

const summarySchema = v.object({ Id: text });

const containerSchema = v.object({
  Id: text,
  Name: v.string(),
  RestartCount: v.optional(v.number(), 0),
  Config: v.object({
    Image: v.optional(v.string(), ''),
    Labels: v.nullish(v.record(v.string(), v.string())),
  }),
  State: v.object({
    Status: v.string(),
    Running: v.boolean(),
    Pid: v.number(),
    ExitCode: v.number(),
    Error: v.optional(v.string(), ''),
    OOMKilled: v.optional(v.boolean(), false),
    StartedAt: text,
  }),
  HostConfig: v.object({
    NetworkMode: v.optional(v.string(), ''),
    RestartPolicy: v.object({ Name: v.string(), MaximumRetryCount: v.optional(v.number(), 0) }),
  }),
  NetworkSettings: v.nullish(
    v.object({
      Networks: v.nullish(v.record(v.string(), v.object({ IPAddress: v.optional(v.string(), '') }))),
    }),
  ),
});
/** What the engine tells of one container. `State.StartedAt` is of its last life, and in the year 1 before the first. */
export type Container = v.InferOutput<typeof containerSchema>;

const errorSchema = v.pipe(v.string(), v.parseJson(), v.object({ message: v.string() }));
const createdSchema = v.object({ Id: text });

/** The engine refused: its HTTP status, and its own words. */
export class EngineError extends Error {
  readonly status: number;
  constructor(message: string, status: number) {
    super(message);
    this.name = 'EngineError';
    this.status = status;
  }
}

/** A container engine by its Docker Engine API. Every member rejects when it cannot be done or cannot be told. */
export interface DockerEngine {
  /** The version of the API that is spoken with it. */
  version(): Promise<string>;
  /** Ids of all containers, in whatever state; with a filter, of those only (`{label: ['a=b']}`). */
  list(filters: Record<string, string[]>): Promise<string[]>;
  /** By id or name; undefined when there is no such container. */
  inspect(container: string): Promise<Container | undefined>;
  /** `not-running`: it is gone, or has ended. */
  kill(container: string, signal: NodeJS.Signals): Promise<'sent' | 'not-running'>;
  /** `not-supported`: podman before version 5.1 cannot change it. */
  setRestartPolicy(container: string, policy: RestartPolicy): Promise<'set' | 'not-supported' | 'gone'>;
  /** Does nothing when it runs already. */
  start(container: string): Promise<void>;
  /** Gives the new container's id; `definition` is what the API takes. */
  create(name: string, definition: object): Promise<string>;
  hasImage(image: string): Promise<boolean>;
  /** Fetches an image, which may take minutes, and looks whether it is there then. */
  pull(image: string, timeoutMs: number): Promise<void>;
}

export interface DockerEngineOptions {
  socketPath: string;
  /** For each request. */
  timeoutMs: number;
}

export function createDockerEngine({ socketPath, timeoutMs }: DockerEngineOptions): DockerEngine {
  let spoken: string | undefined;
  let asking: Promise<string> | undefined;

  async function send(
    method: 'GET' | 'POST',
    path: string,
    body?: object,
    patienceMs = timeoutMs,
  ): Promise<HttpResponse> {
    try {
      return await sendHttp({
        method,
        url: `http://engine${path}`,
        socketPath,
        timeoutMs: patienceMs,
        ...(body === undefined
          ? {}
          : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
      });
    } catch (cause) {
      // Whatever answers next may be another engine; one that is only slow is the same.
      if (!(cause instanceof HttpError && cause.timedOut)) spoken = undefined;
      throw new Error(`the container engine at ${socketPath} ${describeFailure(cause)}`, { cause });
    }
  }

  /** Asked once, however many wait for it: podman starts several processes over each answer. */
  function version(): Promise<string> {
    if (spoken !== undefined) return Promise.resolve(spoken);
    asking ??= askVersion().finally(() => {
      asking = undefined;
    });
    return asking;
  }

  async function askVersion(): Promise<string> {
    const response = await send('GET', '/version');
    if (response.status !== 200) throw refusal('/version', response);
    spoken = agreeOn(parse(versionSchema, response, '/version'), socketPath);
    return spoken;
  }

  /** Answers with one of the expected statuses only. */
  async function call(
    method: 'GET' | 'POST',
    path: string,
    expected: number[],
    body?: object,
    patienceMs?: number,
  ): Promise<HttpResponse> {
    const response = await send(method, `/v${await version()}${path}`, body, patienceMs);
    if (expected.includes(response.status)) return response;
    // An engine that was replaced by an older one says so with 400.
    if (response.status === 400) spoken = undefined;
    throw refusal(path, response);
  }

  async function hasImage(image: string): Promise<boolean> {
    const { status } = await call('GET', `/images/${image}/json`, [200, 404]);
    return status === 200;
  }

  const at = (container: string, rest: string) => `/containers/${encodeURIComponent(container)}/${rest}`;

  async function inspect(container: string): Promise<Container | undefined> {
    const path = at(container, 'json');
    const response = await call('GET', path, [200, 404]);
    return isGone(path, response) ? undefined : parse(containerSchema, response, `container ${container}`);
  }

  return {
    version,
    async list(filters) {
      const query = new URLSearchParams({ all: 'true', filters: JSON.stringify(filters) });
      const response = await call('GET', `/containers/json?${query}`, [200]);
      return parse(v.array(summarySchema), response, 'the list of containers').map(({ Id }) => Id);
    },
    inspect,
    async kill(container, signal) {
      const path = at(container, `kill?signal=${signal}`);
      const response = await call('POST', path, [204, 404, 409, 500]);
      if (response.status === 204) return 'sent';
      if (isGone(path, response)) return 'not-running';
      // podman 4 says of one that has ended with 500 that its state is improper.
      if (response.status === 500 && (await inspect(container))?.State.Running) throw refusal(path, response);
      return 'not-running';
    },
    async setRestartPolicy(container, policy) {
      const body = { RestartPolicy: { Name: policy, MaximumRetryCount: 0 } };
      const path = at(container, 'update');
      const response = await call('POST', path, [200, 404], body);
      if (response.status === 200) return 'set';
      // A path that an engine does not have is answered without an error of its own.
      if (!v.is(errorSchema, response.body.toString())) return 'not-supported';
      return isGone(path, response) ? 'gone' : 'not-supported';
    },
    async start(container) {
      await call('POST', at(container, 'start'), [204, 304]);
    },
    async create(name, definition) {
      const path = `/containers/create?${new URLSearchParams({ name })}`;
      const response = await call('POST', path, [201], definition);
      return parse(createdSchema, response, `the new container ${name}`).Id;
    },
    hasImage,
    async pull(image, patienceMs) {
      const path = `/images/create?${new URLSearchParams({ fromImage: image })}`;
      const { body } = await call('POST', path, [200], undefined, patienceMs);
      // The status was sent before the work was done: what went wrong is told in the answer.
      const failure = failureIn(body.toString());
      if (failure !== undefined) throw new Error(`the image ${image} could not be fetched: ${failure}`);
      if (!(await hasImage(image))) throw new Error(`the image ${image} was fetched, and is not there`);
    },
  };
}

const progressSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ error: v.optional(v.string()), errorDetail: v.optional(v.object({ message: v.string() })) }),
);

/** The last line that tells of an error, of an answer that is a line of JSON for each step. */
function failureIn(progress: string): string | undefined {
  const lines = progress.split('\n').filter((line) => line.trim() !== '');
  const errors = lines.flatMap((line) => {
    const parsed = v.safeParse(progressSchema, line);
    // Half a line: the engine ended in the middle of it.
    if (!parsed.success) return [`the engine's answer breaks off: ${line.slice(0, 200)}`];
    return parsed.output.errorDetail?.message ?? parsed.output.error ?? [];
  });
  return errors.at(-1);
}

/** The newest version that both sides speak; throws when there is none. */
function agreeOn(engine: v.InferOutput<typeof versionSchema>, socketPath: string): string {
  const { ApiVersion: newest, MinAPIVersion: oldest } = engine;
  const range = `${oldest == null || oldest === '' ? '' : `${oldest} to `}${newest}`;
  const says = `the container engine at ${socketPath} speaks version ${range} of the Docker Engine API`;
  if (isOlder(newest, OLDEST_VERSION))
    throw new Error(`${says}, and ${OLDEST_VERSION} or later is needed: update the engine`);
  if (oldest != null && isOlder(NEWEST_VERSION, oldest))
    throw new Error(`${says}, and at most ${NEWEST_VERSION} is known here: update Ebbtide`);
  return isOlder(newest, NEWEST_VERSION) ? newest : NEWEST_VERSION;
}

/** Versions are a major and a minor number: 1.9 is older than 1.41. */
function isOlder(version: string, than: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [otherMajor = 0, otherMinor = 0] = than.split('.').map(Number);
  return major === otherMajor ? minor < otherMinor : major < otherMajor;
}

function parse<T extends v.GenericSchema>(schema: T, { body }: HttpResponse, what: string): v.InferOutput<T> {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), body.toString());
  if (parsed.success) return parsed.output;
  throw new Error(`the container engine's answer is something else (${what}): ${v.summarize(parsed.issues)}`);
}

function refusal(path: string, { status, body }: HttpResponse): EngineError {
  const parsed = v.safeParse(errorSchema, body.toString());
  const words = parsed.success ? parsed.output.message : body.toString().trim().slice(0, 200);
  return new EngineError(`the container engine answered ${path} with HTTP ${status}: ${words}`, status);
}

/** Only by the engine's own word: whatever else says 404 (a proxy, another program, an engine without that path) knows no container. */
function isGone(path: string, response: HttpResponse): boolean {
  if (response.status !== 404) return false;
  const parsed = v.safeParse(errorSchema, response.body.toString());
  if (parsed.success && /no such container/i.test(parsed.output.message)) return true;
  throw refusal(path, response);
}

/** What a failed connection means for a person. */
function describeFailure(cause: unknown): string {
  const code =
    cause instanceof HttpError && cause.cause instanceof Error ? Reflect.get(cause.cause, 'code') : '';
  switch (code) {
    case 'ENOENT':
      return 'is not there: no such socket; start the engine, or set socketPath to where its socket is';
    case 'EACCES':
    case 'EPERM':
      return 'is not ours to use: run as root, or as a member of the group that owns the socket';
    case 'ECONNREFUSED':
      return 'does not run: the socket is there, and nobody listens on it; start the engine';
    case 'ENOTSOCK':
      return 'is no socket: set socketPath to where the engine listens';
    default:
      return `did not answer: ${describeError(cause)}`;
  }
}

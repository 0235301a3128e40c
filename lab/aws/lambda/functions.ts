import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describeError } from '../../../fleet/error.ts';
import type { Changes } from '../../cloud/changes.ts';
import type { Refusal } from '../../cloud/events.ts';
import type { Faults } from '../../cloud/faults.ts';
import { type Sandbox, startSandbox } from '../../cloud/sandbox.ts';
import { unpack } from '../../cloud/unpack.ts';
import type { AwsFaulty } from '../aws-twin.ts';
import type { AwsHappening } from '../events.ts';
import { evaluate } from '../iam.ts';
import type { Metrics } from '../metrics.ts';
import type { AwsModel, FunctionModel } from '../model.ts';
import type { IssuedCredentials, Principals } from '../principals.ts';

/** Who asks for an invocation: an AWS service, or a role. */
export type Invoker =
  | { kind: 'service'; principal: string; sourceArn: string }
  | { kind: 'role'; arn: string; trustedBy: string };

export interface Functions {
  /**
   * Rejects where the function fails, is not allowed, or has not answered within `limitMs` (it may then go on, as a
   * function does whose caller has hung up).
   */
  invoke(functionArn: string, invoker: Invoker, event: unknown, limitMs?: number): Promise<unknown>;
  /** Unpacks and loads every function, so that the first event finds it warm. */
  warm(): Promise<void>;
  /** Another code or configuration: what runs answers to its end, and the next event finds the new one. */
  provision(changes: Changes<FunctionModel>): Promise<void>;
  close(): Promise<void>;
}

export interface FunctionsOptions {
  /** As it is now. */
  model: () => AwsModel;
  principals: Principals;
  faults: Faults<AwsFaulty>;
  metrics: Metrics;
  endpoint(): string;
  emit(happening: AwsHappening): void;
  refuse(refusal: Refusal): void;
}

const RUNTIME = fileURLToPath(new URL('runtime.mjs', import.meta.url));
const CREDENTIALS_MS = 12 * 3_600_000;

/** Lambda: the real bundles, each in processes of its own, with the keys of its role. */
export function createFunctions(options: FunctionsOptions): Functions {
  const { emit } = options;
  const sandboxes = new Map<string, Promise<Sandbox>[]>();
  const directories = new Map<string, Promise<string>>();
  let open = true;

  async function invoke(
    functionArn: string,
    invoker: Invoker,
    event: unknown,
    limitMs?: number,
  ): Promise<unknown> {
    const fn = options.model().functions.find(({ arn }) => arn === functionArn);
    if (!fn) throw new Error(`there is no function ${functionArn}`);
    const begun = performance.now();
    const tookMs = () => Math.round(performance.now() - begun);
    try {
      checkPermission(fn, invoker);
      failAsTold(options.faults.take({ service: 'lambda', action: fn.name }), fn);
      const sandbox = await freeSandbox(fn);
      const run = sandbox.run(event, fn.timeoutMs);
      const answer = await (limitMs === undefined ? run : within(run, limitMs));
      count(fn, 'ok');
      emit({ kind: 'invoked', function: fn.name, event, answer, tookMs: tookMs() });
      return answer;
    } catch (cause) {
      const problem = describeError(cause);
      count(fn, 'error');
      if (open) emit({ kind: 'invocation-failed', function: fn.name, event, problem, tookMs: tookMs() });
      throw new Error(`the function ${fn.name} failed`, { cause });
    }
  }

  /** Lambda publishes these of every function. */
  function count({ name }: FunctionModel, outcome: 'ok' | 'error'): void {
    options.metrics.put('AWS/Lambda', 'Invocations', { FunctionName: name }, 1);
    options.metrics.put('AWS/Lambda', 'Errors', { FunctionName: name }, outcome === 'error' ? 1 : 0);
  }

  function checkPermission(fn: FunctionModel, invoker: Invoker): void {
    const why = whyNot(fn, invoker);
    if (why === undefined) return;
    const principal = invoker.kind === 'role' ? invoker.arn : invoker.principal;
    options.refuse({ principal, action: 'lambda:InvokeFunction', resource: fn.arn, why });
    throw new Error(`${principal} may not invoke it: ${why}`);
  }

  function whyNot(fn: FunctionModel, invoker: Invoker): string | undefined {
    const { roles } = options.model();
    const role = roles.find(({ arn }) => arn === fn.role);
    if (!role?.trusted.includes('lambda.amazonaws.com')) return 'Lambda cannot assume the function’s role';
    const allowed = fn.permissions.some(
      ({ principal, action, sourceArn }) =>
        (action === 'lambda:InvokeFunction' || action === 'lambda:*') &&
        principal === (invoker.kind === 'service' ? invoker.principal : invoker.arn) &&
        (sourceArn === undefined || (invoker.kind === 'service' && sourceArn === invoker.sourceArn)),
    );
    if (allowed) return undefined;
    if (invoker.kind === 'service') return 'the function has no permission for it';
    const own = roles.find(({ arn }) => arn === invoker.arn);
    if (!own?.trusted.includes(invoker.trustedBy)) return `${invoker.trustedBy} cannot assume the role`;
    const request = { principal: own.arn, action: 'lambda:InvokeFunction', resource: fn.arn, context: {} };
    const verdict = evaluate(request, own.policies);
    return verdict.allowed ? undefined : verdict.why;
  }

  async function freeSandbox(fn: FunctionModel): Promise<Sandbox> {
    const own = sandboxes.get(fn.name) ?? [];
    sandboxes.set(fn.name, own);
    for (const starting of own) {
      const sandbox = await starting;
      if (!sandbox.busy) return sandbox;
    }
    if (!open) throw new Error('the twin is closed');
    const starting = start(fn);
    own.push(starting);
    const forget = () => own.splice(own.indexOf(starting), 1);
    starting.then(
      (sandbox) => void sandbox.gone.then(forget),
      () => forget(),
    );
    return starting;
  }

  async function retire({ name }: FunctionModel): Promise<void> {
    const old = sandboxes.get(name) ?? [];
    const directory = directories.get(name);
    sandboxes.delete(name);
    directories.delete(name);
    for (const starting of await Promise.allSettled(old)) {
      if (starting.status === 'rejected') continue;
      await starting.value.idle();
      starting.value.kill();
      await starting.value.gone;
    }
    if (directory !== undefined) await rm(await directory, { recursive: true, force: true });
  }

  async function start(fn: FunctionModel): Promise<Sandbox> {
    const { roles, region } = options.model();
    const role = roles.find(({ arn }) => arn === fn.role);
    if (!role) throw new Error(`the role ${fn.role} does not exist`);
    const directory = directories.get(fn.name) ?? unpack(fn.name, fn.files);
    directories.set(fn.name, directory);
    const keys = options.principals.issue({ role, session: fn.name }, CREDENTIALS_MS);
    return startSandbox({
      runtime: RUNTIME,
      directory: await directory,
      handler: fn.handler,
      environment: {
        ...fn.environment,
        ...lambdaEnvironment(fn, keys, region),
        AWS_ENDPOINT_URL: options.endpoint(),
      },
      onLine: (line) => emit({ kind: 'function-log', function: fn.name, line }),
    });
  }

  return {
    invoke,
    async warm() {
      await Promise.all(options.model().functions.map((fn) => freeSandbox(fn)));
    },
    async provision({ changed, removed }) {
      const retired = [...changed.map(({ before }) => before), ...removed];
      await Promise.all(retired.map(retire));
    },
    async close() {
      open = false;
      const all = await Promise.allSettled([...sandboxes.values()].flat());
      await Promise.all(
        all.map((each) => {
          if (each.status === 'rejected') return undefined;
          each.value.kill();
          return each.value.gone;
        }),
      );
      for (const directory of directories.values())
        await rm(await directory, { recursive: true, force: true });
    },
  };
}

function lambdaEnvironment(
  fn: FunctionModel,
  { accessKeyId, secretAccessKey, sessionToken }: IssuedCredentials,
  region: string,
): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    TZ: 'UTC',
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
    AWS_LAMBDA_FUNCTION_NAME: fn.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(fn.memoryMb),
    AWS_EXECUTION_ENV: `AWS_Lambda_${fn.runtime}`,
    EBBTIDE_LAB_FUNCTION_ARN: fn.arn,
  };
}

function failAsTold(fault: string | undefined, { name }: FunctionModel): void {
  if (fault !== undefined) throw new Error(`${name} was told to fail: ${fault}`);
}

async function within<T>(run: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${limitMs} ms`)), limitMs);
  });
  // What the function does after its caller has hung up concerns nobody.
  run.catch(() => undefined);
  try {
    return await Promise.race([run, limit]);
  } finally {
    clearTimeout(timer);
  }
}

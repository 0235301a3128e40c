import * as v from 'valibot';
import { ApiError } from '../../cloud/api-error.ts';
import type { Path } from '../../cloud/api-request.ts';
import { json, type Method, method } from '../front/method.ts';
import {
  type Action,
  FIRST_VERSION,
  type KeyValue,
  type Namespace,
  nameOf,
  nextVersion,
  type Package,
} from './model.ts';

/** What the methods of a namespace's own API host, OpenWhisk's, work on. */
export interface WhiskSeen {
  namespace: Namespace;
}

const RUNTIMES = ['nodejs:14', 'nodejs:18', 'nodejs:22', 'nodejs:24'];
const LARGEST_CODE = 48 * 2 ** 20;
const MOST_LISTED = 200;
const DEFAULT_LIMITS = { timeout: 3_000, memory: 256 };

const ROOT = '/api/v1/namespaces/{namespace}';
const PACKAGE = `${ROOT}/packages/{package}`;
const ACTION = `${ROOT}/actions/{package}/{action}`;

const keyValues = v.array(v.strictObject({ key: v.pipe(v.string(), v.minLength(1)), value: v.unknown() }));
const flag = v.optional(v.picklist(['true', 'false']));
const listed = v.strictObject({ limit: v.optional(v.string()), skip: v.optional(v.string()) });

const packagePut = v.strictObject({
  publish: v.optional(v.boolean()),
  annotations: v.optional(keyValues),
  parameters: v.optional(keyValues),
});
const actionPut = v.strictObject({
  ...packagePut.entries,
  exec: v.optional(
    v.strictObject({
      kind: v.string(),
      code: v.string(),
      binary: v.optional(v.boolean()),
      main: v.optional(v.string()),
    }),
  ),
  limits: v.optional(
    v.strictObject({
      timeout: v.optional(v.number()),
      memory: v.optional(v.number()),
      logs: v.optional(v.number()),
    }),
  ),
});
type ActionPut = v.InferOutput<typeof actionPut>;

export const WHISK_METHODS: readonly Method<WhiskSeen>[] = [
  method(
    { id: 'getAllPackages', http: 'GET', path: `${ROOT}/packages`, query: listed },
    ({ query }, { namespace }) =>
      json(
        200,
        page([...namespace.packages.values()], query).map((each) => packageView(each, namespace)),
      ),
  ),
  method({ id: 'getPackageByName', http: 'GET', path: PACKAGE }, ({ path }, { namespace }) => {
    const found = packageOf(path, namespace);
    return json(200, {
      ...packageView(found, namespace),
      actions: actionsIn(found, namespace).map(({ name, version }) => ({ name, version })),
    });
  }),
  method(
    {
      id: 'updatePackage',
      http: 'PUT',
      path: PACKAGE,
      query: v.strictObject({ overwrite: flag }),
      body: packagePut,
    },
    ({ path, query, body }, { namespace }) => {
      const name = path.package ?? '';
      const old = existing(namespace.packages.get(name), query.overwrite);
      const made: Package = {
        name,
        version: old === undefined ? FIRST_VERSION : nextVersion(old.version),
        publish: body.publish ?? old?.publish ?? false,
        annotations: body.annotations ?? old?.annotations ?? [],
        parameters: body.parameters ?? old?.parameters ?? [],
      };
      namespace.packages.set(name, made);
      return json(200, packageView(made, namespace));
    },
  ),
  method({ id: 'deletePackage', http: 'DELETE', path: PACKAGE }, ({ path }, { namespace }) => {
    const found = packageOf(path, namespace);
    const { length } = actionsIn(found, namespace);
    if (length > 0)
      throw new ApiError(
        409,
        'conflict',
        `Package not empty (contains ${length} ${length === 1 ? 'entity' : 'entities'}). Set force param or delete package contents.`,
      );
    namespace.packages.delete(found.name);
    return json(200, packageView(found, namespace));
  }),
  method(
    { id: 'getAllActions', http: 'GET', path: `${ROOT}/actions`, query: listed },
    ({ query }, { namespace }) =>
      json(
        200,
        page([...namespace.actions.values()], query).map(({ exec: _exec, ...each }) => ({
          ...each,
          namespace: `${namespace.id}/${each.package}`,
        })),
      ),
  ),
  method(
    { id: 'getActionByName', http: 'GET', path: ACTION, query: v.strictObject({ code: flag }) },
    ({ path, query }, { namespace }) =>
      json(200, actionView(actionOf(path, namespace), namespace, query.code !== 'false')),
  ),
  method(
    {
      id: 'updateAction',
      http: 'PUT',
      path: ACTION,
      query: v.strictObject({ overwrite: flag }),
      body: actionPut,
    },
    ({ path, query, body }, { namespace }) => {
      const inside = packageOf(path, namespace);
      const name = path.action ?? '';
      const old = existing(namespace.actions.get(`${inside.name}/${name}`), query.overwrite);
      const made = written(body, old, inside.name, name);
      namespace.actions.set(nameOf(made), made);
      return json(200, actionView(made, namespace, false));
    },
  ),
  method({ id: 'deleteAction', http: 'DELETE', path: ACTION }, ({ path }, { namespace }) => {
    const found = actionOf(path, namespace);
    namespace.actions.delete(nameOf(found));
    return json(200, actionView(found, namespace, false));
  }),
];

const MISSING = () => new ApiError(404, 'not_found', 'The requested resource does not exist.');

function packageOf({ package: name = '' }: Path, { packages }: Namespace): Package {
  const found = packages.get(name);
  if (found === undefined) throw MISSING();
  return found;
}

function actionOf({ package: inside = '', action: name = '' }: Path, { actions }: Namespace): Action {
  const found = actions.get(`${inside}/${name}`);
  if (found === undefined) throw MISSING();
  return found;
}

function actionsIn({ name }: Package, { actions }: Namespace): Action[] {
  return [...actions.values()].filter(({ package: inside }) => inside === name);
}

/** A PUT over what is there is refused unless it says that it means to. */
function existing<Thing>(thing: Thing | undefined, overwrite: string | undefined): Thing | undefined {
  if (thing !== undefined && overwrite !== 'true')
    throw new ApiError(409, 'conflict', 'resource already exists');
  return thing;
}

/** What a PUT does not say stays as it was. */
function written(body: ActionPut, old: Action | undefined, inside: string, name: string): Action {
  const exec = body.exec ?? old?.exec;
  if (exec === undefined) throw malformed('exec undefined');
  if (!RUNTIMES.includes(exec.kind))
    throw malformed(`kind '${exec.kind}' not in Set(${RUNTIMES.join(', ')})`);
  if (Buffer.byteLength(exec.code) > LARGEST_CODE)
    throw new ApiError(413, 'too_large', 'The request is too large: exec');
  const before = old?.limits ?? DEFAULT_LIMITS;
  const limits = {
    timeout: body.limits?.timeout ?? before.timeout,
    memory: body.limits?.memory ?? before.memory,
  };
  within('timeout', limits.timeout, 100, 900_000);
  within('memory', limits.memory, 128, 1_024);
  // Of annotations what is not said stays too, one by one.
  const told = body.annotations ?? [];
  const kept = (old?.annotations ?? []).filter(({ key }) => !told.some((each) => each.key === key));
  return {
    name,
    package: inside,
    version: old === undefined ? FIRST_VERSION : nextVersion(old.version),
    publish: body.publish ?? old?.publish ?? false,
    exec: { ...exec, binary: exec.binary ?? false },
    limits,
    parameters: body.parameters ?? old?.parameters ?? [],
    annotations: withDefaults([...kept, ...told], exec.kind),
  };
}

/** The service adds its own. */
function withDefaults(said: readonly KeyValue[], kind: string): KeyValue[] {
  const own = said.filter(({ key }) => key !== 'exec');
  const hasKey = own.some(({ key }) => key === 'provide-api-key');
  return [
    ...own,
    ...(hasKey ? [] : [{ key: 'provide-api-key', value: false }]),
    { key: 'exec', value: kind },
  ];
}

function within(what: string, value: number, least: number, most: number): void {
  if (value < least || value > most)
    throw malformed(`${what} ${value} is not within the allowed threshold of ${least} to ${most}`);
}

function malformed(message: string): ApiError {
  return new ApiError(400, 'bad_request', `The request content was malformed:\n${message}`);
}

function page<Thing>(
  things: readonly Thing[],
  { limit = '30', skip = '0' }: v.InferOutput<typeof listed>,
): Thing[] {
  // 0 asks for as many as there may be.
  const most = Number(limit) === 0 ? MOST_LISTED : Number(limit);
  if (most > MOST_LISTED) throw malformed(`limit ${limit} is more than ${MOST_LISTED}`);
  return things.slice(Number(skip), Number(skip) + most);
}

function packageView(found: Package, { id }: Namespace) {
  return { ...found, namespace: id, binding: {} };
}

function actionView(found: Action, { id }: Namespace, withCode: boolean) {
  const { package: inside, exec, ...rest } = found;
  const { code, ...told } = exec;
  return { ...rest, namespace: `${id}/${inside}`, exec: withCode ? { ...told, code } : told };
}

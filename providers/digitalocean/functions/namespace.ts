import * as v from 'valibot';
import { ServiceError } from '../../../fleet/bearer-http.ts';
import type { FunctionsApi, FunctionsNamespace } from './api.ts';
import { changedOf, type Kind, type Properties, problemsOf, type Services, taken } from './kind.ts';

const checks = {
  label: v.pipe(v.string('it must be a name'), v.minLength(1, 'it must not be empty')),
  region: v.pipe(
    v.string('it must be a region'),
    v.regex(/^[a-z]{3}\d$/, 'it must be a region, such as fra1'),
  ),
};
const inputsSchema = v.object(checks);
const stateSchema = v.object({ namespace: v.string() });

export const namespaceKind: Kind = {
  check: (inputs) => problemsOf(checks, inputs),
  difference(state, inputs) {
    const replaces = changedOf(['label', 'region'], state, inputs);
    return { changes: replaces.length > 0, replaces };
  },
  async create(inputs, services) {
    const { label, region } = v.parse(inputsSchema, inputs);
    const found = await findOrCreate(label, region, services);
    return { id: found.id, state: stateOf(found) };
  },
  async read(state, { api }) {
    const found = await api.namespace(v.parse(stateSchema, state).namespace);
    return found === undefined ? undefined : stateOf(found);
  },
  async update(state) {
    return state;
  },
  async delete(state, { api }) {
    const { namespace } = v.parse(stateSchema, state);
    // What calls a function is kept by another service than the function is.
    for (const { name } of (await api.triggers(namespace)) ?? []) await api.deleteTrigger(namespace, name);
    await api.deleteNamespace(namespace);
  },
};

/** An empty one of the very name in the very place is what a creation left of which no answer came. */
async function findOrCreate(label: string, region: string, services: Services): Promise<FunctionsNamespace> {
  const { api } = services;
  const [there, ...others] = await named(label, api);
  if (there === undefined) return create(label, region, api);
  const what = `a Functions namespace called ${label}`;
  if (others.length > 0) throw taken(what, 'there is more than one');
  if (there.region !== region) throw taken(what, `it is in ${there.region}, not in ${region}`);
  if (!(await isEmpty(there, services)))
    throw taken(what, `there is something in it (${there.id}); delete it, or give the pool another name`);
  return there;
}

async function create(label: string, region: string, api: FunctionsApi): Promise<FunctionsNamespace> {
  try {
    return await api.createNamespace(label, region);
  } catch (cause) {
    // Whether it was made is not known: it was not there before.
    const [made] = isRefusal(cause) ? [] : await named(label, api).catch(() => []);
    if (made !== undefined && made.region === region) return made;
    throw isRefusal(cause) ? new Error(adviceFor(cause, region), { cause }) : cause;
  }
}

async function named(label: string, api: FunctionsApi): Promise<FunctionsNamespace[]> {
  return (await api.namespaces()).filter((each) => each.label === label);
}

async function isEmpty({ id }: FunctionsNamespace, { api, inside }: Services): Promise<boolean> {
  const [triggers, found] = await Promise.all([api.triggers(id), inside(id)]);
  return triggers?.length === 0 && found !== undefined && (await found.whisk.isEmpty());
}

function isRefusal(cause: unknown): cause is ServiceError & { status: number } {
  const { status = 0 } = cause instanceof ServiceError ? cause : {};
  return status >= 400 && status < 500;
}

function adviceFor({ status }: { status: number }, region: string): string {
  if (status === 404 || status === 400)
    return `${region} takes no Functions namespace: it may have no Functions`;
  if (status === 422) return 'the account may have no more Functions namespaces: delete one that is not used';
  return 'the Functions namespace was not made';
}

function stateOf({ id, label, region, apiHost }: FunctionsNamespace): Properties {
  return { kind: 'namespace', namespace: id, label, region, apiHost };
}

import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { webActionUrl } from '../../../fleet/digitalocean/web-action.ts';
import {
  changedOf,
  type Inside,
  insideOf,
  isOwn,
  type Kind,
  nameSchema,
  OWN_MARK,
  type Properties,
  problemsOf,
  taken,
} from './kind.ts';
import type { ActionPut, WhiskAction } from './whisk.ts';
import { zipOf } from './zip.ts';

const LARGEST_ZIP = 48 * 2 ** 20;
const LARGEST_PARAMETERS = 2 ** 20;
const SHORTEST_SECRET = 16;

const parametersSchema = v.record(v.string(), v.unknown(), 'it must be an object');
const checks = {
  namespace: v.string('it must be the id of a namespace'),
  package: nameSchema,
  name: nameSchema,
  runtime: v.pipe(
    v.string('it must be a runtime'),
    v.regex(/^nodejs:\d+$/, 'it must be a runtime, such as nodejs:22'),
  ),
  code: v.pipe(v.string('it must be text'), v.minLength(1, 'it must not be empty')),
  timeoutSeconds: within(1, 900, 'seconds'),
  memoryMb: within(128, 1_024, 'MB'),
  parameters: v.pipe(
    parametersSchema,
    v.check(
      (parameters) => JSON.stringify(parameters).length <= LARGEST_PARAMETERS,
      'all together they must be 1 MB or less',
    ),
  ),
  webSecret: v.optional(
    v.pipe(
      v.string('it must be text'),
      v.minLength(SHORTEST_SECRET, `it must have ${SHORTEST_SECRET} characters or more`),
    ),
  ),
  open: v.optional(v.boolean('it must be true or false')),
};

const addressSchema = v.object({ namespace: v.string(), package: v.string(), name: v.string() });
type Address = v.InferOutput<typeof addressSchema>;
const inputsSchema = v.object({
  ...addressSchema.entries,
  runtime: v.string(),
  code: v.string(),
  timeoutSeconds: v.number(),
  memoryMb: v.number(),
  parameters: parametersSchema,
  webSecret: v.optional(v.string()),
  open: v.optional(v.boolean()),
});
type Inputs = v.InferOutput<typeof inputsSchema>;
const stateSchema = v.object({
  ...addressSchema.entries,
  version: v.string(),
  digest: v.string(),
  web: v.boolean(),
});

/** Of its state, nothing is secret but its digest: code and parameters are not kept a second time. */
export const actionKind: Kind = {
  check: (inputs) => problemsOf(checks, inputs),
  difference(state, inputs) {
    const replaces = changedOf(['namespace', 'package', 'name'], state, inputs);
    return { changes: replaces.length > 0 || state.digest !== digestOf(inputs), replaces };
  },
  async create(inputs, services) {
    const wanted = v.parse(inputsSchema, inputs);
    const inside = await insideOf(services, wanted.namespace);
    const name = functionOf(wanted);
    const put = putOf(wanted);
    const made = (await inside.whisk.putAction(name, put, false)) ?? (await takeOver(name, put, inside));
    return { id: `${wanted.namespace}/${name}`, state: stateOf(wanted, made, inside) };
  },
  async read(state, { inside }) {
    const known = v.parse(stateSchema, state);
    const found = await inside(known.namespace);
    const action = await found?.whisk.action(functionOf(known));
    if (found === undefined || action === undefined) return undefined;
    const isOurs = action.version === known.version;
    return {
      ...addressed(known, known.web, action, found),
      // Each write makes another version: whatever was written, it is not what this program wrote.
      digest: isOurs ? known.digest : `changed by somebody else: version ${action.version}`,
    };
  },
  async update(_state, inputs, services) {
    const wanted = v.parse(inputsSchema, inputs);
    const inside = await insideOf(services, wanted.namespace);
    const name = functionOf(wanted);
    const made = await inside.whisk.putAction(name, putOf(wanted), true);
    if (made === undefined) throw new Error(`somebody else changes the function ${name} at this moment`);
    return stateOf(wanted, made, inside);
  },
  async delete(state, { inside }) {
    const known = v.parse(addressSchema, state);
    await (await inside(known.namespace))?.whisk.deleteAction(functionOf(known));
  },
};

/** What a creation left of which no answer came is written again. */
async function takeOver(name: string, put: ActionPut, { whisk }: Inside): Promise<WhiskAction> {
  const found = await whisk.action(name);
  if (found !== undefined && !isOwn(found.annotations))
    throw taken(`a function ${name}`, 'it is not of this program');
  const made = await whisk.putAction(name, put, true);
  if (made === undefined) throw new Error(`somebody else changes the function ${name} at this moment`);
  return made;
}

function functionOf({ package: inside, name }: Address): string {
  return `${inside}/${name}`;
}

/** All of it, so that nothing stays of what was there. */
function putOf(inputs: Inputs): ActionPut {
  const { runtime, code, timeoutSeconds, memoryMb, parameters, webSecret } = inputs;
  const zip = zipOf('index.js', code);
  if (zip.length > LARGEST_ZIP)
    throw new Error(`the function has ${zip.length} bytes packed: at most ${LARGEST_ZIP} are allowed`);
  return {
    exec: { kind: runtime, code: zip.toString('base64'), binary: true },
    limits: { timeout: timeoutSeconds * 1_000, memory: memoryMb },
    parameters: Object.entries(parameters).map(([key, value]) => ({ key, value })),
    annotations: [
      OWN_MARK,
      // It does not get the namespace's own key.
      { key: 'provide-api-key', value: false },
      // Whoever wakes it cannot bring parameters in the place of these.
      { key: 'final', value: true },
      { key: 'web-export', value: isOnWeb(inputs) },
      // Of annotations what is not written stays as it was, also a secret of before.
      { key: 'require-whisk-auth', value: webSecret ?? false },
    ],
  };
}

function isOnWeb({ webSecret, open }: Pick<Inputs, 'webSecret' | 'open'>): boolean {
  return webSecret !== undefined || open === true;
}

/** Of all that is written. Where something is not known yet, it is no digest of anything. */
function digestOf(inputs: Properties): string {
  const { runtime, code, timeoutSeconds, memoryMb, parameters, webSecret, open } = inputs;
  const sorted = Object.entries(Object(parameters)).sort(([one], [other]) => (one < other ? -1 : 1));
  const all = JSON.stringify([
    runtime,
    code,
    timeoutSeconds,
    memoryMb,
    sorted,
    webSecret ?? null,
    open ?? false,
  ]);
  return createHash('sha256').update(all).digest('hex');
}

function stateOf(wanted: Inputs, made: WhiskAction, inside: Inside): Properties {
  return {
    ...addressed(wanted, isOnWeb(wanted), made, inside),
    digest: digestOf(wanted),
  };
}

function addressed(
  address: Address,
  web: boolean,
  { version }: WhiskAction,
  { apiHost }: Inside,
): Properties {
  const { namespace, package: inside, name } = address;
  const path = functionOf(address);
  return {
    kind: 'action',
    namespace,
    package: inside,
    name,
    function: path,
    web,
    url: web ? webActionUrl(apiHost, namespace, path) : '',
    version,
  };
}

function within(least: number, most: number, unit: string) {
  const told = `it must be from ${least} to ${most} ${unit}`;
  return v.pipe(v.number(told), v.minValue(least, told), v.maxValue(most, told));
}

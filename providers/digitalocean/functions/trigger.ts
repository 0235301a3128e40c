import * as v from 'valibot';
import type { FunctionsTrigger } from './api.ts';
import { changedOf, type Kind, nameSchema, type Properties, problemsOf, taken } from './kind.ts';

const CRON_FIELD = /^[\d*/,-]+$/;
const checks = {
  namespace: v.string('it must be the id of a namespace'),
  name: nameSchema,
  function: v.pipe(
    v.string('it must be a function'),
    v.regex(/^[^/]+\/[^/]+$/, 'it must be PACKAGE/FUNCTION'),
  ),
  cron: v.pipe(
    v.string('it must be text'),
    v.check((written) => {
      const fields = written.split(' ');
      return fields.length === 5 && fields.every((field) => CRON_FIELD.test(field));
    }, 'it must have five fields, such as * * * * *'),
  ),
  enabled: v.boolean('it must be true or false'),
};
const schema = v.object({
  namespace: v.string(),
  name: v.string(),
  function: v.string(),
  cron: v.string(),
  enabled: v.boolean(),
});
const addressSchema = v.object({ namespace: v.string(), name: v.string() });

/** DigitalOcean changes neither a trigger's name nor its function. */
export const triggerKind: Kind = {
  check: (inputs) => problemsOf(checks, inputs),
  difference(state, inputs) {
    const replaces = changedOf(['namespace', 'name', 'function'], state, inputs);
    const changed = changedOf(['cron', 'enabled'], state, inputs);
    return { changes: replaces.length + changed.length > 0, replaces };
  },
  async create(inputs, { api }) {
    const { namespace, ...wanted } = v.parse(schema, inputs);
    const there = await api.trigger(namespace, wanted.name);
    if (there === undefined) await api.createTrigger(namespace, wanted);
    // What a creation left of which no answer came.
    else if (there.function === wanted.function) await api.updateTrigger(namespace, wanted);
    else throw taken(`a trigger ${wanted.name} in ${namespace}`, `it calls ${there.function}`);
    return { id: `${namespace}/${wanted.name}`, state: stateOf(namespace, wanted) };
  },
  async read(state, { api }) {
    const { namespace, name } = v.parse(addressSchema, state);
    const found = await api.trigger(namespace, name);
    return found === undefined ? undefined : stateOf(namespace, found);
  },
  async update(_state, inputs, { api }) {
    const { namespace, ...wanted } = v.parse(schema, inputs);
    await api.updateTrigger(namespace, wanted);
    return stateOf(namespace, wanted);
  },
  async delete(state, { api }) {
    const { namespace, name } = v.parse(addressSchema, state);
    await api.deleteTrigger(namespace, name);
  },
};

function stateOf(namespace: string, trigger: FunctionsTrigger): Properties {
  return { kind: 'trigger', namespace, ...trigger };
}

import { setTimeout as sleep } from 'node:timers/promises';
import * as v from 'valibot';
import { changedOf, insideOf, isOwn, type Kind, nameSchema, OWN_MARK, problemsOf, taken } from './kind.ts';
import { type Whisk, WhiskError } from './whisk.ts';

const checks = { namespace: v.string('it must be the id of a namespace'), name: nameSchema };
const schema = v.object({ namespace: v.string(), name: v.string() });

/** A function of this very namespace lies in it. */
export const packageKind: Kind = {
  check: (inputs) => problemsOf(checks, inputs),
  difference(state, inputs) {
    const replaces = changedOf(['namespace', 'name'], state, inputs);
    return { changes: replaces.length > 0, replaces };
  },
  async create(inputs, services) {
    const { namespace, name } = v.parse(schema, inputs);
    const { whisk } = await insideOf(services, namespace);
    if (!(await whisk.putPackage(name, [OWN_MARK], false))) {
      const found = await whisk.package(name);
      if (found !== undefined && !isOwn(found.annotations))
        throw taken(`a package ${name} in ${namespace}`, 'it is not of this program');
    }
    return { id: `${namespace}/${name}`, state: { kind: 'package', namespace, name } };
  },
  async read(state, { inside }) {
    const { namespace, name } = v.parse(schema, state);
    const found = await (await inside(namespace))?.whisk.package(name);
    return found === undefined ? undefined : state;
  },
  async update(state) {
    return state;
  },
  async delete(state, { inside }) {
    const { namespace, name } = v.parse(schema, state);
    const found = await inside(namespace);
    if (found !== undefined) await deleteEmptied(found.whisk, name);
  },
};

const ATTEMPTS = 5;
const PAUSE_MS = 1_000;

/** What was just deleted in it may still be counted for a moment. */
async function deleteEmptied(whisk: Whisk, name: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await whisk.deletePackage(name);
    } catch (cause) {
      const isCounted = cause instanceof WhiskError && cause.status === 409;
      if (!isCounted || attempt === ATTEMPTS) throw cause;
      await sleep(PAUSE_MS);
    }
  }
}

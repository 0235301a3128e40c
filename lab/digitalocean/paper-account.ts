import type { OceanModel } from './model.ts';
import { OPERATOR_TOKEN } from './tokens.ts';
import { createTwin, type TwinOptions } from './twin.ts';

/** What the program asks of the API while it runs: an account in which nothing is yet. */
export async function withAccount<T>(
  model: OceanModel,
  watch: Pick<TwinOptions, 'onExchange'>,
  does: () => Promise<T>,
): Promise<T> {
  const machines = {
    create() {
      throw new Error('nothing runs on paper');
    },
  };
  const twin = createTwin({ model, machines, mode: 'ebbtide', factor: 1, ...watch });
  await twin.start();
  const there = { ...twin.environment(), DIGITALOCEAN_TOKEN: OPERATOR_TOKEN };
  const before = Object.fromEntries(Object.keys(there).map((name) => [name, process.env[name]]));
  Object.assign(process.env, there);
  try {
    const done = await does();
    const refused = twin.refused().map(({ principal, action, why }) => `${principal}: ${action}: ${why}`);
    if (refused.length > 0) throw new Error(`the API refused:\n  ${refused.join('\n  ')}`);
    return done;
  } finally {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    await twin.close();
  }
}

/** The path of every key of a valibot schema: through objects, choices, what is optional and every step of a pipe. */
export function keysOf(schema: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const members: unknown = Reflect.get(schema, 'entries');
  if (typeof members === 'object' && members !== null) {
    return Object.entries(members).flatMap(([name, member]) => {
      const below = keysOf(member, [...path, name]);
      return below.length > 0 ? below : [[...path, name]];
    });
  }
  const inner = ['wrapped', 'options', 'pipe'].flatMap((name): unknown[] =>
    [Reflect.get(schema, name)].flat(),
  );
  return inner.flatMap((each) => keysOf(each, path));
}

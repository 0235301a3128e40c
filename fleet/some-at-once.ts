/** Does it for each, so many at once; an act tells its own failure. */
export async function someAtOnce<Item>(
  items: readonly Item[],
  atOnce: number,
  act: (item: Item) => Promise<void>,
): Promise<void> {
  const waiting = [...items];
  async function work(): Promise<void> {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await act(item);
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, work));
}

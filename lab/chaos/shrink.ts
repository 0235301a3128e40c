/**
 * The fewest of these steps with which it still fails, as far as leaving out runs of them, and then each alone, finds
 * out. It failed with all of them.
 */
export async function shrink(
  all: readonly number[],
  fails: (only: readonly number[]) => Promise<boolean>,
): Promise<readonly number[]> {
  let needed = all;
  for (let size = Math.ceil(needed.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < needed.length; ) {
      const fewer = [...needed.slice(0, from), ...needed.slice(from + size)];
      if (await fails(fewer)) needed = fewer;
      else from += size;
    }
  }
  return needed;
}

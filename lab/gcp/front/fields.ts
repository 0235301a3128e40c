/** The members of an answer that a field mask names: `items(name,updated),nextPageToken` or `a/b`. */
export function masked(value: unknown, mask: string): unknown {
  return pick(value, parse(mask));
}

interface Wanted {
  [name: string]: Wanted | true;
}

function parse(mask: string): Wanted {
  let position = 0;
  const wanted = list();
  if (position < mask.length) throw new Error(`the field mask ${mask} is wrong at ${position}`);
  return wanted;

  function list(): Wanted {
    const found: Wanted = {};
    do {
      const path = name().split('/');
      const inner = accept('(') ? close(list()) : true;
      Object.assign(found, nest(path, inner));
    } while (accept(','));
    return found;
  }
  function close(inner: Wanted): Wanted {
    if (!accept(')')) throw new Error(`the field mask ${mask} does not close its brackets`);
    return inner;
  }
  function name(): string {
    const [found] = /^[\w*/]+/.exec(mask.slice(position)) ?? [];
    if (found === undefined) throw new Error(`the field mask ${mask} is wrong at ${position}`);
    position += found.length;
    return found;
  }
  function accept(sign: string): boolean {
    if (mask[position] !== sign) return false;
    position += 1;
    return true;
  }
}

function nest([first = '', ...rest]: string[], inner: Wanted | true): Wanted {
  return { [first]: rest.length === 0 ? inner : nest(rest, inner) };
}

function pick(value: unknown, wanted: Wanted | true): unknown {
  if (wanted === true) return value;
  if (Array.isArray(value)) return value.map((member) => pick(member, wanted));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) => {
      const inner = wanted[name] ?? wanted['*'];
      return inner === undefined ? [] : [[name, pick(member, inner)]];
    }),
  );
}

import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** `from NAME import this, that`, as it stands at the beginning of a line. */
const IMPORT = /^from (\w+) import (.*)\n/gm;
/** What a module calls by a name of its own. */
const NAMES = /^(?:(?:def|class) (\w+)|([A-Za-z_]\w*(?:, *\w+)*) *=(?!=))/gm;

/**
 * A program in Python as one file, of the modules that lie beside it: a runbook is one file. Each module comes after those
 * that it imports, and what it imports from them is there then by its own name, since all of them share one space of
 * names: so no name may stand for two things.
 */
export function joinPython(entry: string): string {
  const folder = dirname(entry);
  const joined: { module: string; text: string }[] = [];
  const open: string[] = [];

  function add(module: string): void {
    if (joined.some((each) => each.module === module)) return;
    if (open.includes(module)) throw new Error(`${[...open, module].join(' imports ')}: that is a circle`);
    open.push(module);
    const text = readFileSync(join(folder, `${module}.py`), 'utf8');
    const own = text.replace(IMPORT, (line: string, from: string, names: string) => {
      if (!existsSync(join(folder, `${from}.py`))) return line;
      if (!/^\w+(, \w+)*$/.test(names))
        throw new Error(
          `${module}.py: "${line.trim()}" cannot be joined: name what is imported, each as it is called`,
        );
      add(from);
      const has = namesOf(joined.find((each) => each.module === from)?.text ?? '');
      const lacks = names.split(', ').find((name) => !has.includes(name));
      if (lacks !== undefined) throw new Error(`${module}.py: ${from}.py has no ${lacks}`);
      return '';
    });
    open.pop();
    joined.push({ module, text: own });
  }

  add(basename(entry, '.py'));
  const seen = new Map<string, string>();
  for (const { module, text } of joined) {
    for (const name of namesOf(text)) {
      const other = seen.get(name);
      if (other !== undefined)
        throw new Error(
          `${name} stands in ${other}.py and in ${module}.py: joined, one would hide the other`,
        );
      seen.set(name, module);
    }
  }
  return joined.map(({ module, text }) => `# ---- ${module}.py ----\n${text}`).join('\n\n');
}

function namesOf(text: string): string[] {
  return [...text.matchAll(NAMES)].flatMap(([, defined, assigned = '']) => [
    ...(defined === undefined ? [] : [defined]),
    ...assigned.split(/, */).filter(Boolean),
  ]);
}

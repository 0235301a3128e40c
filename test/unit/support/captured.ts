import type { Console } from '../../../cli/console.ts';

/** What is written to a console where nobody sits. */
export function captured(given: Partial<Console> = {}): {
  console: Console;
  texts: { out: string; err: string };
} {
  const texts = { out: '', err: '' };
  const into = (name: 'out' | 'err') => ({
    write(text: string) {
      texts[name] += text;
    },
  });
  const console: Console = {
    out: into('out'),
    err: into('err'),
    environment: {},
    sleep: async () => undefined,
    signal: new AbortController().signal,
    ...given,
  };
  return { console, texts };
}

import type * as v from 'valibot';

/** Something to say about one key, relative to the project: `pool.min`. */
export interface Problem {
  key: string;
  says: string;
}

/** All that is wrong with a stack's settings, at once, each line naming its key. */
export class SettingsError extends Error {
  readonly problems: readonly Problem[];
  constructor(problems: readonly Problem[]) {
    const lines = problems.map(({ key, says }) => `  ${configKey(key)} ${says}`);
    super(
      `${problems.length === 1 ? 'one setting is' : `${problems.length} settings are`} wrong:\n${lines.join('\n')}`,
    );
    this.name = 'SettingsError';
    this.problems = problems;
  }
}

/** The key as `pulumi config` knows it. A provider's own keys bring their own name: `aws:region`. */
export function configKey(key: string): string {
  return /^[a-z-]+:/.test(key) ? key : `ebbtide:${key}`;
}

/** What valibot found in one section (`pool`, or a provider's `aws:`), in our words. A value is told unless it may be a secret. */
export function problemsOf(
  sectionKey: string,
  issues: readonly v.BaseIssue<unknown>[],
  secret: boolean,
): Problem[] {
  const problems = issues.map((issue) => {
    const path = (issue.path ?? []).map(({ key }) =>
      typeof key === 'number' ? `[${key}]` : `.${String(key)}`,
    );
    const isUnknownKey = issue.type === 'strict_object' && issue.expected === 'never';
    const told = secret || isUnknownKey || issue.received === 'undefined' ? '' : `is ${show(issue.input)}: `;
    const isProvider = sectionKey.endsWith(':');
    const key = sectionKey + (isProvider ? path.join('').slice(1) : path.join(''));
    return {
      key,
      says: `${told}${issue.input === undefined ? `is missing: it ${issue.message}` : issue.message}`,
    };
  });
  // A number below its bound that is not whole either is told once.
  const seen = new Set<string>();
  return problems.filter(({ key, says }) => !seen.has(key + says) && seen.add(key + says));
}

function show(input: unknown): string {
  const written = JSON.stringify(input) ?? String(input);
  return written.length > 60 ? `${written.slice(0, 57)}...` : written;
}

import type { PolicyDocument, Statement } from './policy-document.ts';

/** One call, as a policy sees it. */
export interface AccessRequest {
  /** ARN of the caller's role, or `anonymous`. */
  principal: string;
  /** `s3:GetObject` */
  action: string;
  resource: string;
  /** Condition keys and policy variables: `aws:userid`, `s3:prefix`. Keys are compared without regard to case. */
  context: Readonly<Record<string, string>>;
}

export type Verdict = { allowed: true } | { allowed: false; why: string };

/**
 * Evaluates as within one account: an explicit deny anywhere wins; else an allow by the caller's own policies or by
 * the resource's is enough. Throws for what a policy uses and the twin does not know: it must not be guessed.
 */
export function evaluate(
  request: AccessRequest,
  identity: readonly PolicyDocument[],
  resource: readonly PolicyDocument[] = [],
): Verdict {
  const own = identity.flatMap((document) => matching(document, request));
  const theirs = resource.flatMap((document) =>
    matching(document, request).filter((statement) => matchesPrincipal(statement, request.principal)),
  );
  const all = [...own, ...theirs];
  const denied = all.find(({ Effect }) => Effect === 'Deny');
  if (denied)
    return { allowed: false, why: `denied by the statement ${denied.Sid ?? JSON.stringify(denied)}` };
  if (all.some(({ Effect }) => Effect === 'Allow')) return { allowed: true };
  return { allowed: false, why: 'no policy allows it' };
}

function matching({ Statement, Version }: PolicyDocument, request: AccessRequest): Statement[] {
  // Policies of the older version take ${…} literally: a trap, and never what was meant.
  const variables = Version === '2012-10-17' ? request.context : {};
  return Statement.filter(
    (statement) =>
      matchesAction(statement, request.action) &&
      matchesResource(statement, request.resource, variables) &&
      matchesConditions(statement, request, variables),
  );
}

function matchesAction({ Action, NotAction }: Statement, action: string): boolean {
  const matches = (pattern: string) => glob(pattern.toLowerCase(), action.toLowerCase());
  if (Action) return Action.some(matches);
  return NotAction !== undefined && !NotAction.some(matches);
}

function matchesResource(
  { Resource, NotResource }: Statement,
  resource: string,
  variables: AccessRequest['context'],
): boolean {
  const matches = (pattern: string) => {
    const filled = fillVariables(pattern, variables);
    return filled !== undefined && glob(filled, resource);
  };
  if (Resource) return Resource.some(matches);
  return NotResource !== undefined && !NotResource.some(matches);
}

function matchesPrincipal({ Principal, NotPrincipal }: Statement, caller: string): boolean {
  if (NotPrincipal !== undefined) throw new Error('the twin AWS does not evaluate NotPrincipal');
  if (Principal === undefined) return false;
  if (Principal === '*') return true;
  return (Principal.AWS ?? []).some((arn) => arn === '*' || arn === caller || isAccountOf(arn, caller));
}

function isAccountOf(principal: string, caller: string): boolean {
  const account = /^(?:arn:[^:]+:iam::)?(\d{12})(?::root)?$/.exec(principal)?.[1];
  return account !== undefined && caller.split(':')[4] === account;
}

function matchesConditions(
  { Condition }: Statement,
  request: AccessRequest,
  variables: AccessRequest['context'],
): boolean {
  return Object.entries(Condition ?? {}).every(([operator, keys]) =>
    Object.entries(keys).every(([key, values]) => {
      const actual = contextValue(request.context, key);
      const expected = values
        .map((value) => fillVariables(value, variables))
        .filter((value) => value !== undefined);
      return matchesCondition(operator, actual, expected);
    }),
  );
}

function matchesCondition(
  operator: string,
  actual: string | undefined,
  expected: readonly string[],
): boolean {
  if (operator === 'Null') return expected.includes(String(actual === undefined));
  // The twin's requests carry one value for each key, so the set operators are the plain ones.
  const [, set, name = '', ifExists] =
    /^(ForAnyValue:|ForAllValues:)?(\w+?)(IfExists)?$/.exec(operator) ?? [];
  if (actual === undefined) return ifExists !== undefined || set === 'ForAllValues:' || NEGATED.has(name);
  const matches = COMPARISONS[name];
  if (!matches) throw new Error(`the twin AWS does not know the condition operator ${operator}`);
  const any = expected.some((value) => matches(value, actual));
  return NEGATED.has(name) ? !any : any;
}

const NEGATED = new Set([
  'StringNotEquals',
  'StringNotEqualsIgnoreCase',
  'StringNotLike',
  'ArnNotEquals',
  'ArnNotLike',
]);

const equal = (expected: string, actual: string) => expected === actual;
const equalIgnoringCase = (expected: string, actual: string) =>
  expected.toLowerCase() === actual.toLowerCase();

/** Expected first; the negated ones are turned round by the caller. */
const COMPARISONS: Record<string, (expected: string, actual: string) => boolean> = {
  StringEquals: equal,
  StringNotEquals: equal,
  StringEqualsIgnoreCase: equalIgnoringCase,
  StringNotEqualsIgnoreCase: equalIgnoringCase,
  StringLike: glob,
  StringNotLike: glob,
  ArnEquals: glob,
  ArnNotEquals: glob,
  ArnLike: glob,
  ArnNotLike: glob,
  Bool: equalIgnoringCase,
};

/** Undefined where a variable has no value: the statement then does not match. */
function fillVariables(text: string, variables: AccessRequest['context']): string | undefined {
  let complete = true;
  const filled = text.replace(/\$\{([^}]+)\}/g, (whole, name: string) => {
    if (name === '*' || name === '?' || name === '$') return `\\${name}`;
    if (Object.keys(variables).length === 0) return whole;
    const value = contextValue(variables, name);
    if (value === undefined) complete = false;
    // A value is taken as it is: what looks like a wildcard in it is none.
    return (value ?? '').replace(/[*?]/g, '\\$&');
  });
  return complete ? filled : undefined;
}

function contextValue(context: AccessRequest['context'], key: string): string | undefined {
  const wanted = key.toLowerCase();
  return Object.entries(context).find(([name]) => name.toLowerCase() === wanted)?.[1];
}

/** `*` is any run of characters, `?` any one; a backslash (never in an ARN) makes the next one plain. */
function glob(pattern: string, text: string): boolean {
  const source = pattern.replace(/\\(.)|([*?])|([.+^${}()|[\]])/g, (_all, plain, wild, special) => {
    if (plain !== undefined) return /[*?$]/.test(plain) ? `\\${plain}` : plain;
    if (wild !== undefined) return wild === '*' ? '.*' : '.';
    return `\\${special}`;
  });
  return new RegExp(`^${source}$`, 's').test(text);
}

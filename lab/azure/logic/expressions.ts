import { randomUUID } from 'node:crypto';

/**
 * The few expressions of the Workflow Definition Language that a program may use: `@{guid()}` and `@{parameters('x')}`,
 * and the same without braces where an expression is all of a text. Throws for any other.
 */
export function fill(value: unknown, parameters: Readonly<Record<string, unknown>>): unknown {
  if (typeof value === 'string') return fillText(value, parameters);
  if (Array.isArray(value)) return value.map((member) => fill(member, parameters));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, fill(member, parameters)]));
}

function fillText(text: string, parameters: Readonly<Record<string, unknown>>): unknown {
  if (text.startsWith('@@')) return text.slice(1);
  const [, whole] = /^@(?!\{)(.+)$/.exec(text) ?? [];
  if (whole !== undefined) return evaluate(whole, parameters);
  return text.replace(/@\{([^}]*)\}/g, (_all, expression: string) =>
    String(evaluate(expression, parameters)),
  );
}

function evaluate(expression: string, parameters: Readonly<Record<string, unknown>>): unknown {
  if (/^guid\(\s*\)$/.test(expression)) return randomUUID();
  const [, name] = /^parameters\(\s*'([^']+)'\s*\)$/.exec(expression) ?? [];
  if (name !== undefined && Object.hasOwn(parameters, name)) return parameters[name];
  throw new Error(`the twin does not know this expression of a workflow: ${expression}`);
}

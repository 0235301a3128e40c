/** A condition of a binding, as far as our policies use the language (CEL); plain data. */
export type Condition =
  | { kind: 'and' | 'or'; left: Condition; right: Condition }
  | { kind: 'not'; of: Condition }
  | { kind: 'equals'; left: Text; right: Text }
  | { kind: 'startsWith' | 'endsWith'; text: Text; part: string };

/** What gives a text. */
export type Text =
  | { kind: 'literal'; value: string }
  | { kind: 'resource'; attribute: 'name' | 'type' | 'service' }
  | { kind: 'api'; attribute: string; otherwise: string }
  | { kind: 'extract'; from: Text; template: string };

/** What a condition may ask of a call. */
export interface ConditionContext {
  resource: { name: string; type: string; service: string };
  /** `api.getAttribute`: attributes of the request. */
  api: Readonly<Record<string, string>>;
}

export function holds(condition: Condition, context: ConditionContext): boolean {
  switch (condition.kind) {
    case 'and':
      return holds(condition.left, context) && holds(condition.right, context);
    case 'or':
      return holds(condition.left, context) || holds(condition.right, context);
    case 'not':
      return !holds(condition.of, context);
    case 'equals':
      return textOf(condition.left, context) === textOf(condition.right, context);
    case 'startsWith':
      return textOf(condition.text, context).startsWith(condition.part);
    case 'endsWith':
      return textOf(condition.text, context).endsWith(condition.part);
  }
}

function textOf(text: Text, context: ConditionContext): string {
  switch (text.kind) {
    case 'literal':
      return text.value;
    case 'resource':
      return context.resource[text.attribute];
    case 'api':
      return context.api[text.attribute] ?? text.otherwise;
    case 'extract':
      return extract(textOf(text.from, context), text.template);
  }
}

/** `extract('/instances/{name}')`: what stands where the braces are; empty where the template does not fit. */
function extract(text: string, template: string): string {
  const [, before = '', after = ''] = /^([^{}]*)\{[^{}]*\}([^{}]*)$/.exec(template) ?? [];
  const begin = text.indexOf(before);
  if (begin < 0) return '';
  const rest = text.slice(begin + before.length);
  if (after === '') return rest;
  const end = rest.indexOf(after);
  return end < 0 ? '' : rest.slice(0, end);
}

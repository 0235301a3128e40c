import type { Condition, Text } from './condition.ts';

type Token = { kind: 'string' | 'name' | 'sign'; text: string };
type Parsed = { kind: 'boolean'; value: Condition } | { kind: 'text'; value: Text };

/** Throws, naming the owner, for anything that the twin does not know: it must not be guessed. */
export function readCondition(expression: string, owner: string): Condition {
  try {
    return parseCondition(expression);
  } catch (cause) {
    throw new Error(`the condition of ${owner} is not one that the twin knows: ${expression}`, { cause });
  }
}

/** The little of CEL that our policies use. Throws, saying what it did not understand. */
function parseCondition(expression: string): Condition {
  const tokens = tokensOf(expression);
  let position = 0;

  const parsed = parseOr();
  if (position < tokens.length) throw new Error(`unexpected ${tokens[position]?.text}`);
  return boolean(parsed);

  function parseOr(): Parsed {
    let left = parseAnd();
    while (accept('||')) {
      left = { kind: 'boolean', value: { kind: 'or', left: boolean(left), right: boolean(parseAnd()) } };
    }
    return left;
  }

  function parseAnd(): Parsed {
    let left = parseNot();
    while (accept('&&')) {
      left = { kind: 'boolean', value: { kind: 'and', left: boolean(left), right: boolean(parseNot()) } };
    }
    return left;
  }

  function parseNot(): Parsed {
    if (accept('!')) return { kind: 'boolean', value: { kind: 'not', of: boolean(parseNot()) } };
    const left = parsePrimary();
    const isNegated = accept('!=');
    if (!isNegated && !accept('==')) return left;
    const equals: Condition = { kind: 'equals', left: text(left), right: text(parsePrimary()) };
    return { kind: 'boolean', value: isNegated ? { kind: 'not', of: equals } : equals };
  }

  function parsePrimary(): Parsed {
    if (accept('(')) {
      const inner = parseOr();
      expect(')');
      return inner;
    }
    const token = tokens[position++];
    if (token?.kind === 'string') return { kind: 'text', value: { kind: 'literal', value: token.text } };
    if (token?.kind === 'name') return parseCalls(subject(token.text));
    throw new Error(`unexpected ${token?.text ?? 'end'}`);
  }

  function subject(name: string): Text {
    switch (name) {
      case 'resource':
        return { kind: 'resource', attribute: attribute() };
      case 'api': {
        if (dottedName() !== 'getAttribute') throw new Error('of api only getAttribute is known');
        expect('(');
        const key = string();
        expect(',');
        const otherwise = string();
        expect(')');
        return { kind: 'api', attribute: key, otherwise };
      }
      default:
        throw new Error(`${name} is not known`);
    }
  }

  function attribute(): 'name' | 'type' | 'service' {
    const name = dottedName();
    if (name === 'name' || name === 'type' || name === 'service') return name;
    throw new Error(`resource.${name} is not known`);
  }

  function parseCalls(first: Text): Parsed {
    let of = first;
    while (tokens[position]?.text === '.' && tokens[position]?.kind === 'sign') {
      const name = dottedName();
      expect('(');
      const argument = string();
      expect(')');
      switch (name) {
        case 'extract':
          of = { kind: 'extract', from: of, template: argument };
          break;
        case 'startsWith':
        case 'endsWith':
          return { kind: 'boolean', value: { kind: name, text: of, part: argument } };
        default:
          throw new Error(`the function ${name} is not known`);
      }
    }
    return { kind: 'text', value: of };
  }

  function dottedName(): string {
    expect('.');
    const token = tokens[position++];
    if (token?.kind !== 'name') throw new Error('a name must follow the point');
    return token.text;
  }

  function string(): string {
    const token = tokens[position++];
    if (token?.kind !== 'string') throw new Error(`a text was expected, not ${token?.text ?? 'the end'}`);
    return token.text;
  }

  function accept(sign: string): boolean {
    const token = tokens[position];
    if (token?.kind !== 'sign' || token.text !== sign) return false;
    position += 1;
    return true;
  }

  function expect(sign: string): void {
    if (!accept(sign)) throw new Error(`${sign} was expected, not ${tokens[position]?.text ?? 'the end'}`);
  }
}

function boolean(parsed: Parsed): Condition {
  if (parsed.kind === 'boolean') return parsed.value;
  throw new Error('a text stands where a condition must');
}

function text(parsed: Parsed): Text {
  if (parsed.kind === 'text') return parsed.value;
  throw new Error('a condition stands where a text must');
}

const TOKEN = /\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([A-Za-z_]\w*)|(\|\||&&|==|!=|[().,!]))/y;

function tokensOf(expression: string): Token[] {
  const tokens: Token[] = [];
  let position = 0;
  const end = expression.trimEnd().length;
  while (position < end) {
    TOKEN.lastIndex = position;
    const match = TOKEN.exec(expression);
    if (!match) throw new Error(`unexpected ${expression.slice(position).trim()}`);
    const [, double, single, name, sign] = match;
    const quoted = double ?? single;
    if (quoted !== undefined) tokens.push({ kind: 'string', text: quoted.replace(/\\(.)/g, '$1') });
    else if (name !== undefined) tokens.push({ kind: 'name', text: name });
    else tokens.push({ kind: 'sign', text: sign ?? '' });
    position = TOKEN.lastIndex;
  }
  return tokens;
}

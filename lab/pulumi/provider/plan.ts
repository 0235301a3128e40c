import { hexId } from '../../cloud/identifiers.ts';
import type { Inputs } from '../resource.ts';
import type { TypeRules } from './type-rules.ts';
import { isMarked, isSame, UNKNOWN } from './wire.ts';

export interface Checked {
  rules: TypeRules;
  /** Logical name. */
  name: string;
  olds: Inputs;
  news: Inputs;
  /** The same for the same step of the same stack. */
  seed: string;
}

/** Inputs with what the provider adds to them: defaults, and a name where none is given. A name once given stays. */
export function checkInputs({ rules, name, olds, news, seed }: Checked): Inputs {
  const { autoName, defaults = {} } = rules;
  const inputs = { ...defaults, ...present(news) };
  if (autoName === undefined || inputs[autoName] !== undefined) return inputs;
  if (inputs[`${autoName}Prefix`] !== undefined) return inputs;
  const old = olds[autoName];
  const kept = typeof old === 'string' && old.startsWith(`${name}-`);
  return { ...inputs, [autoName]: kept ? old : `${name}-${hexId(seed, 7)}` };
}

export interface Difference {
  changed: string[];
  /** Those of them that cannot be changed in place. */
  replaces: string[];
  /** The old thing has the name that the new one must have. */
  deleteBeforeReplace: boolean;
}

/** What differs between two sets of checked inputs. A value that is not known yet differs from every other. */
export function diffInputs(rules: TypeRules, olds: Inputs, news: Inputs): Difference {
  const { replaces: replacing, autoName } = rules;
  const names = [...new Set([...Object.keys(olds), ...Object.keys(news)])].sort();
  const changed = names.filter((name) => !isSame(olds[name], news[name]));
  const replaces = changed.filter((name) => replacing.includes(name));
  const keepsName = autoName !== undefined && isSame(olds[autoName], news[autoName]);
  const named = autoName !== undefined && news[autoName] !== undefined;
  return { changed, replaces, deleteBeforeReplace: replaces.length > 0 && named && keepsName };
}

/** What is known before a thing is made: what was asked for. `added`: what the cloud adds, as it would be. */
export function previewCreate(inputs: Inputs, added: Inputs): Inputs {
  const preview = { ...inputs };
  for (const [member, value] of Object.entries(added)) {
    const given = inputs[member];
    // A member may be half the program's and half the cloud's.
    if (isObject(given) && isObject(value)) preview[member] = previewCreate(given, value);
    else preview[member] ??= UNKNOWN;
  }
  return preview;
}

/** What is known before a thing is changed: all that it was, but for what the change makes anew. */
export function previewUpdate(rules: TypeRules, state: Inputs, olds: Inputs, news: Inputs): Inputs {
  const renewed = (rules.renewed ?? []).map((member) => [member, UNKNOWN]);
  return { ...keepAdded(state, olds, news), ...Object.fromEntries(renewed) };
}

/** What the cloud had added to what it was given, beside what it is given now. */
function keepAdded(state: Inputs, olds: Inputs, news: Inputs): Inputs {
  const kept = { ...news };
  for (const [member, value] of Object.entries(state)) {
    const [old, next] = [olds[member], news[member]];
    if (old === undefined) kept[member] ??= value;
    else if (isObject(value) && isObject(old) && isObject(next)) kept[member] = keepAdded(value, old, next);
  }
  return kept;
}

/** Assets are what they are. */
function isObject(value: unknown): value is Inputs {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isMarked(value);
}

function present(inputs: Inputs): Inputs {
  return Object.fromEntries(
    Object.entries(inputs).filter(([, value]) => value !== undefined && value !== null),
  );
}

import { randomUUID } from 'node:crypto';
import { type ApiError, malformed } from '../../cloud/api-error.ts';
import type { RawRequest } from '../../raw-request.ts';
import type { Answer } from './api.ts';
import { type XmlValue, xmlDocument } from './xml.ts';

/** The query protocol: a form in, XML out. */
export function readQuery(request: RawRequest, version: string): { action: string; input: unknown } {
  if (request.method !== 'POST' || request.target !== '/') {
    throw malformed('InvalidAction', `${request.method} ${request.target} is no query request`);
  }
  const form = new URLSearchParams(request.body.toString('utf8'));
  const action = form.get('Action');
  if (action === null) throw malformed('MissingAction', 'no Action in the request');
  if (form.get('Version') !== version) {
    throw malformed('InvalidAction', `Version must be ${version}, not ${form.get('Version')}`);
  }
  form.delete('Action');
  form.delete('Version');
  return { action, input: nest([...form]) };
}

/** `A.member.1.B=x` becomes `{A: [{B: 'x'}]}`. */
function nest(entries: readonly (readonly [string, string])[]): unknown {
  const branches = new Map<string, [string, string][]>();
  const result: Record<string, unknown> = {};
  for (const [path, value] of entries) {
    const dot = path.indexOf('.');
    if (dot === -1) {
      result[path] = value;
      continue;
    }
    const name = path.slice(0, dot);
    branches.set(name, [...(branches.get(name) ?? []), [path.slice(dot + 1), value]]);
  }
  for (const [name, inner] of branches) result[name] = listOrObject(inner);
  return result;
}

function listOrObject(entries: [string, string][]): unknown {
  if (!entries.every(([path]) => path.startsWith('member.'))) return nest(entries);
  const members = new Map<number, [string, string][]>();
  for (const [path, value] of entries) {
    const [, index = '', ...rest] = path.split('.');
    members.set(Number(index), [...(members.get(Number(index)) ?? []), [rest.join('.'), value]]);
  }
  return [...members]
    .sort(([a], [b]) => a - b)
    .map(([, inner]) => (inner.length === 1 && inner[0]?.[0] === '' ? inner[0][1] : nest(inner)));
}

/** `result` undefined: the action answers nothing but that it was done. */
export function queryAnswer(action: string, namespace: string, result: XmlValue): Answer {
  const body = xmlDocument(
    `${action}Response`,
    { [`${action}Result`]: result ?? undefined, ResponseMetadata: { RequestId: randomUUID() } },
    'member',
    namespace,
  );
  return { status: 200, headers: { 'content-type': 'text/xml' }, body };
}

export function queryError(error: ApiError, namespace: string): Answer {
  const type = error.status >= 500 ? 'Receiver' : 'Sender';
  const body = xmlDocument(
    'ErrorResponse',
    { Error: { Type: type, Code: error.code, Message: error.message }, RequestId: randomUUID() },
    'member',
    namespace,
  );
  return { status: error.status, headers: { 'content-type': 'text/xml' }, body };
}

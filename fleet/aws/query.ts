import * as v from 'valibot';
import { parseXml } from '../xml.ts';
import { type AwsClient, AwsError } from './client.ts';

/** Values of a query-protocol request; lists become `Name.member.N`, as Auto Scaling and CloudWatch want them. */
export type QueryValue = string | number | boolean | QueryValue[] | { [name: string]: QueryValue };

const LISTS = ['member'];
const VERSION = {
  autoscaling: '2011-01-01',
  elasticloadbalancing: '2015-12-01',
  monitoring: '2010-08-01',
} as const;

/**
 * Calls an action of a query-protocol service and parses the `<Action>Result` of its answer with the schema.
 * Rejects with `AwsError`; an answer that does not parse is one too (`Malformed`), never an empty result.
 */
export async function callQuery<Schema extends v.GenericSchema>(
  client: AwsClient,
  service: keyof typeof VERSION,
  action: string,
  input: { [name: string]: QueryValue },
  schema: Schema,
): Promise<v.InferOutput<Schema>> {
  const body = new URLSearchParams({
    Action: action,
    Version: VERSION[service],
    ...flatten(input),
  }).toString();
  const response = await client.send({
    service,
    method: 'POST',
    url: `${client.endpoint(service)}/`,
    body,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  const malformed = (text: string, cause?: unknown) =>
    new AwsError(
      `${action}: the answer is not what ${service} answers: ${text}`,
      'Malformed',
      response.status,
      cause,
    );
  if (response.status === 404) throw malformed('404');
  const answer: unknown = parseXml(response.body, LISTS)[`${action}Response`];
  if (answer === undefined) throw malformed(response.body.slice(0, 80));
  const result =
    typeof answer === 'object' && answer !== null ? Reflect.get(answer, `${action}Result`) : undefined;
  const parsed = v.safeParse(schema, result === undefined || result === '' ? {} : result);
  if (!parsed.success) throw malformed(v.summarize(parsed.issues));
  return parsed.output;
}

/** A list in a query-protocol answer: `<X><member>…</member></X>`, or an empty element. */
export function memberList<Schema extends v.GenericSchema>(schema: Schema) {
  return v.pipe(
    v.union([v.literal(''), v.object({ member: v.array(schema) })]),
    v.transform((list) => (list === '' ? [] : list.member)),
  );
}

function flatten(input: { [name: string]: QueryValue }, prefix = ''): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(input)) {
    const path = `${prefix}${name}`;
    if (Array.isArray(value)) {
      const members = Object.fromEntries(value.map((member, index) => [`member.${index + 1}`, member]));
      Object.assign(flat, flatten(members, `${path}.`));
    } else if (typeof value === 'object') Object.assign(flat, flatten(value, `${path}.`));
    else flat[path] = String(value);
  }
  return flat;
}

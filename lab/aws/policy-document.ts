import * as v from 'valibot';

const oneOrMany = v.pipe(
  v.union([v.string(), v.array(v.string())]),
  v.transform((value) => (typeof value === 'string' ? [value] : value)),
);

const principal = v.union([
  v.literal('*'),
  v.strictObject({
    AWS: v.optional(oneOrMany),
    Service: v.optional(oneOrMany),
    Federated: v.optional(oneOrMany),
  }),
]);

/** Operator → condition key → values, of which one must match. */
const conditions = v.record(
  v.string(),
  v.record(
    v.string(),
    v.pipe(
      v.union([v.string(), v.boolean(), v.number(), v.array(v.string())]),
      v.transform((value) => (Array.isArray(value) ? value : [String(value)])),
    ),
  ),
);

const statementSchema = v.strictObject({
  Sid: v.optional(v.string()),
  Effect: v.picklist(['Allow', 'Deny']),
  Principal: v.optional(principal),
  NotPrincipal: v.optional(principal),
  Action: v.optional(oneOrMany),
  NotAction: v.optional(oneOrMany),
  Resource: v.optional(oneOrMany),
  NotResource: v.optional(oneOrMany),
  Condition: v.optional(conditions),
});
export type Statement = v.InferOutput<typeof statementSchema>;

export const policyDocumentSchema = v.strictObject({
  Version: v.optional(v.picklist(['2012-10-17', '2008-10-17']), '2008-10-17'),
  Id: v.optional(v.string()),
  Statement: v.pipe(
    v.union([statementSchema, v.array(statementSchema)]),
    v.transform((value) => (Array.isArray(value) ? value : [value])),
  ),
});
export type PolicyDocument = v.InferOutput<typeof policyDocumentSchema>;

/** A policy as it was provisioned: JSON text. Throws naming the owner where AWS would reject it as malformed. */
export function parsePolicy(text: string, owner: string): PolicyDocument {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (cause) {
    throw new Error(`the policy of ${owner} is not JSON: write it with JSON.stringify`, { cause });
  }
  const parsed = v.safeParse(policyDocumentSchema, data);
  if (!parsed.success) throw new Error(`the policy of ${owner} is malformed: ${v.summarize(parsed.issues)}`);
  return parsed.output;
}

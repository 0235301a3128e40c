import * as v from 'valibot';

/** What the stack told this function, from the variable EBBTIDE_SETTINGS. Throws where it is missing or wrong. */
export function readSettings<Schema extends v.GenericSchema>(
  environment: Readonly<Record<string, string | undefined>>,
  schema: Schema,
): v.InferOutput<Schema> {
  const text = environment.EBBTIDE_SETTINGS;
  if (!text) throw new Error('EBBTIDE_SETTINGS is not set: deploy the stack again');
  let written: unknown;
  try {
    written = JSON.parse(text);
  } catch (cause) {
    throw new Error('EBBTIDE_SETTINGS is not JSON: deploy the stack again', { cause });
  }
  const parsed = v.safeParse(schema, written);
  if (!parsed.success) throw new Error(`EBBTIDE_SETTINGS: ${v.summarize(parsed.issues)}`);
  return parsed.output;
}

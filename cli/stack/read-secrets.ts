import * as v from 'valibot';
import { type OperatorSecrets, operatorSecretsSchema } from '../../fleet/digitalocean/operator-secrets.ts';
import { describeSource, type OutputsSource, type RunPulumi, readOutputs } from './outputs.ts';

const outputsSchema = v.object({ operatorSecrets: v.optional(v.unknown()) });
/** What Pulumi writes in place of a secret. */
const HIDDEN = '[secret]';

/** Asked for only where they are needed. Rejects with what a person should do, and with nothing that was read. */
export async function readSecrets(source: OutputsSource, runPulumi?: RunPulumi): Promise<OperatorSecrets> {
  const where = describeSource(source);
  const written = await readOutputs(source, { secrets: true }, runPulumi);
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), outputsSchema), written);
  const found = parsed.success ? parsed.output.operatorSecrets : undefined;
  if (found === undefined)
    throw new Error(`${where} has no output \`operatorSecrets\`: run \`pulumi up\` with this version`);
  if (found === HIDDEN)
    throw new Error(`${where} hides its secrets: write it by \`pulumi stack output --json --show-secrets\``);
  // A secret may come as its own JSON.
  const value = typeof found === 'string' ? v.safeParse(v.pipe(v.string(), v.parseJson()), found) : undefined;
  const read = v.safeParse(operatorSecretsSchema, value?.success ? value.output : found);
  if (read.success) return read.output;
  throw new Error(
    `the output \`operatorSecrets\` of ${where} is of another version of Ebbtide: run \`pulumi up\``,
  );
}

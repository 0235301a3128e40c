import * as v from 'valibot';
import { type PoolAddress, poolAddressSchema } from '../../fleet/pool-address.ts';
import { describeSource, type OutputsSource, type RunPulumi, readOutputs } from './outputs.ts';

const outputsSchema = v.object({ address: v.optional(v.unknown()) });

/** Rejects with what a person should do. */
export async function readAddress(source: OutputsSource, runPulumi?: RunPulumi): Promise<PoolAddress> {
  const where = describeSource(source);
  const parsed = v.safeParse(
    v.pipe(v.string(), v.parseJson(), outputsSchema),
    await readOutputs(source, { secrets: false }, runPulumi),
  );
  if (!parsed.success)
    throw new Error(`the outputs of ${where} are not what \`pulumi stack output --json\` writes`);
  const { address } = parsed.output;
  if (address === undefined)
    throw new Error(
      `${where} has no output \`address\`: is it a stack of Ebbtide, and has \`pulumi up\` run?`,
    );
  const read = v.safeParse(poolAddressSchema, address);
  if (read.success) return read.output;
  throw new Error(
    `the output \`address\` of ${where} is of another version of Ebbtide: run \`pulumi up\` (${v.summarize(read.issues)})`,
  );
}

import * as v from 'valibot';
import type { Imds } from '../../../fleet/azure/imds.ts';

const text = v.pipe(v.string(), v.minLength(1));
const instanceSchema = v.object({
  compute: v.object({
    name: text,
    vmId: text,
    location: text,
    /** Empty in a region without zones, and where none was asked for. */
    zone: v.optional(v.string(), ''),
    tagsList: v.optional(v.array(v.object({ name: v.string(), value: v.string() })), []),
  }),
  network: v.object({
    interface: v.tupleWithRest(
      [
        v.object({
          ipv4: v.object({ ipAddress: v.tupleWithRest([v.object({ privateIpAddress: text })], v.unknown()) }),
        }),
      ],
      v.unknown(),
    ),
  }),
});

export interface AzureInstance {
  /** Its name in the scale set (`ebbtide-media_3`), which may come again. */
  node: string;
  /** The id that no other machine ever has. */
  machine: string;
  zone: string;
  address: string;
  tags: ReadonlyMap<string, string>;
}

export type InstanceReading = ({ kind: 'found' } & AzureInstance) | { kind: 'unknown'; reason: string };

/** What the metadata service tells of this machine. Never rejects. */
export async function readInstance(imds: Imds): Promise<InstanceReading> {
  const reading = await imds.read('instance', { 'api-version': '2021-02-01', format: 'json' });
  if (reading.kind === 'absent')
    return { kind: 'unknown', reason: 'instance: the metadata service has none' };
  if (reading.kind === 'unknown') return reading;
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), instanceSchema), reading.text);
  if (!parsed.success) return { kind: 'unknown', reason: `instance: ${v.summarize(parsed.issues)}` };
  const { compute, network } = parsed.output;
  return {
    kind: 'found',
    node: compute.name,
    machine: compute.vmId.toLowerCase(),
    // What runs beside the fleet calls it so too, where a machine has no zone.
    zone: compute.zone || compute.location,
    address: network.interface[0].ipv4.ipAddress[0].privateIpAddress,
    tags: new Map(compute.tagsList.map(({ name, value }) => [name, value])),
  };
}

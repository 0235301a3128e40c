import { metadataEndpoint } from '../../../fleet/digitalocean/endpoints.ts';
import { describeError } from '../../../fleet/error.ts';
import { type SendHttp, sendHttp } from '../../../fleet/http.ts';

/** What the metadata service said. Only `absent` (404) says that there is none; everything else is unknown. */
export type MetadataReading =
  | { kind: 'found'; text: string }
  | { kind: 'absent' }
  | { kind: 'unknown'; reason: string };

export type TagsReading = { kind: 'known'; tags: string[] } | { kind: 'unknown'; reason: string };

/** A droplet's metadata service. No member rejects. */
export interface Metadata {
  /** Reads one of `FACT_PATHS`, under `/metadata/v1/`. */
  read(path: FactPath): Promise<MetadataReading>;
  /** The tags that the droplet has now. */
  readTags(): Promise<TagsReading>;
}

export interface MetadataOptions {
  environment: Readonly<Record<string, string | undefined>>;
  timeoutMs: number;
  send?: SendHttp;
}

/** The paths by which a machine knows itself. Their values have a form: what else answers there is not taken for one. */
export const FACT_PATHS = {
  machine: 'id',
  zone: 'region',
  address: 'interfaces/private/0/ipv4/address',
} as const;

type FactPath = (typeof FACT_PATHS)[keyof typeof FACT_PATHS];

/** Of an empty answer too. */
const FORMS: Readonly<Record<FactPath, RegExp>> = {
  [FACT_PATHS.machine]: /^\d+$/,
  [FACT_PATHS.zone]: /^[a-z0-9]+$/,
  [FACT_PATHS.address]: /^\d+(\.\d+){3}$/,
};
const TAG = /^[\w:-]{1,255}$/;

export function createMetadata({ environment, timeoutMs, send = sendHttp }: MetadataOptions): Metadata {
  const base = `${metadataEndpoint(environment)}/metadata/v1`;

  async function ask(path: FactPath | 'tags'): Promise<MetadataReading> {
    const unknown = (why: string): MetadataReading => ({ kind: 'unknown', reason: `${path}: ${why}` });
    try {
      const { status, body } = await send({ method: 'GET', url: `${base}/${path}`, timeoutMs });
      if (status === 404) return { kind: 'absent' };
      if (status !== 200) return unknown(`HTTP ${status}`);
      const text = body.toString().trim();
      return { kind: 'found', text };
    } catch (cause) {
      return unknown(describeError(cause));
    }
  }

  async function read(path: FactPath): Promise<MetadataReading> {
    const reading = await ask(path);
    if (reading.kind !== 'found' || FORMS[path].test(reading.text)) return reading;
    return { kind: 'unknown', reason: `${path}: not what it should be: ${reading.text.slice(0, 80)}` };
  }

  /** Every droplet of a pool has its pool's tag to its end: none at all, or what is no tag, is no answer. */
  async function readTags(): Promise<TagsReading> {
    const reading = await ask('tags');
    if (reading.kind === 'absent') return { kind: 'unknown', reason: 'tags: the metadata service has none' };
    if (reading.kind === 'unknown') return reading;
    const tags = reading.text.split('\n').map((line) => line.trim());
    const odd = tags.find((tag) => !TAG.test(tag));
    if (odd !== undefined) return { kind: 'unknown', reason: `tags: not a tag: ${odd.slice(0, 80)}` };
    return { kind: 'known', tags };
  }

  return { read, readTags };
}

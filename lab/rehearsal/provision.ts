import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ports } from '../instance/ports.ts';
import { buildTwinLiveKit } from '../media/build-twin-livekit.ts';
import type { MediaDriver } from '../media/driver.ts';
import { RedisServer } from '../media/redis.ts';
import { TwinDriver } from '../media/twin-driver.ts';
import type { RehearsalArguments } from './arguments.ts';
import type { RehearsedCloud } from './clouds.ts';
import { findLiveKit } from './find-livekit.ts';
import type { Mode } from './report.ts';
import { type Occasion, readStackConfig } from './stack-config.ts';

/** What both runs stand on. They share nothing: each has its own group, bucket and media servers. */
export interface Provisioned<Applied> {
  applied: Record<Mode, Applied>;
  drivers: Record<Mode, MediaDriver>;
  /** Where media runs in containers: the image, and what it runs. */
  images: ReadonlyMap<string, readonly string[]> | undefined;
  close(): Promise<void>;
}

interface Fleet<Applied> {
  applied: Applied;
  driver: MediaDriver;
  close(): Promise<void>;
}

const PROGRAM = fileURLToPath(new URL('../../stacks/index.ts', import.meta.url));
/** Twins of LiveKit find each other without Redis: they are told an address and never use it. */
const NO_REDIS = '127.0.0.1:1';

/** Applies the very program of stacks/ to twins, with the media server that is asked for. */
export async function provision<Applied>(
  options: Omit<RehearsalArguments, 'clouds' | 'json'>,
  cloud: RehearsedCloud<Applied>,
): Promise<Provisioned<Applied>> {
  const folder = mkdtempSync(join(tmpdir(), 'ebbtide-media-'));
  const undo: (() => Promise<void>)[] = [async () => rmSync(folder, { recursive: true, force: true })];
  const close = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const file = await mediaServer(options, folder);
    const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex');
    const image = `docker.io/livekit/livekit-server@sha256:${sha256}`;
    const server = options.media === 'container' ? { image } : { artifact: { file, sha256 } };
    const newFleet = () =>
      options.media === 'livekit' ? livekitFleet(cloud, server) : twinFleet(cloud, server);
    // One after the other: Pulumi's runtime is the whole process's.
    const ebbtide = await newFleet();
    undo.push(ebbtide.close);
    const control = await newFleet();
    undo.push(control.close);
    return {
      applied: { ebbtide: ebbtide.applied, control: control.applied },
      drivers: { ebbtide: ebbtide.driver, control: control.driver },
      images: options.media === 'container' ? new Map([[image, [process.execPath, file]]]) : undefined,
      close,
    };
  } catch (cause) {
    await close();
    throw cause;
  }
}

async function mediaServer(
  { media, livekitServer }: Pick<RehearsalArguments, 'media' | 'livekitServer'>,
  folder: string,
): Promise<string> {
  if (media === 'livekit') return findLiveKit(livekitServer);
  const file = join(folder, 'livekit-server');
  await buildTwinLiveKit(file);
  return file;
}

async function twinFleet<Applied>(
  cloud: RehearsedCloud<Applied>,
  server: Occasion['server'],
): Promise<Fleet<Applied>> {
  const driver = new TwinDriver();
  const applied = await apply(cloud, { server, keys: newKeys(), redis: NO_REDIS });
  return { applied, driver, close: () => driver.close() };
}

/** Nodes of one fleet find each other in one Redis; another fleet must not see them. */
async function livekitFleet<Applied>(
  cloud: RehearsedCloud<Applied>,
  server: Occasion['server'],
): Promise<Fleet<Applied>> {
  // The real clients are a native library: it is loaded only where it is used. It logs all that it does, unless told.
  process.env.NODE_ENV ??= 'production';
  const { LiveKitDriver } = await import('../media/livekit-driver.ts');
  const keys = newKeys();
  const redis = await RedisServer.start(await new Ports().take());
  const [apiKey, apiSecret] = Object.entries(keys)[0] ?? ['', ''];
  const driver = new LiveKitDriver({ apiKey, apiSecret, redis: redis.address });
  const close = async () => {
    await driver.close();
    await redis.stop();
  };
  return { applied: await apply(cloud, { server, keys, redis: redis.address }), driver, close };
}

function apply<Applied>(cloud: RehearsedCloud<Applied>, occasion: Occasion): Promise<Applied> {
  const { values, secrets } = readStackConfig(cloud.stackFile, { ...occasion, secrets: cloud.secrets });
  return cloud.apply({ program: PROGRAM, config: values, secrets, stack: 'rehearsal' });
}

function newKeys(): Record<string, string> {
  return { rehearsal: randomBytes(32).toString('hex') };
}

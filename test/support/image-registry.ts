import { createHash } from 'node:crypto';
import { createServer } from 'node:http';

/** A registry of container images, as far as fetching one by its digest goes; the image holds no file. */
export interface ImageRegistry {
  /** HOST:PORT */
  address: string;
  /** By its digest. */
  image: string;
  /** From here on its layer is other bytes than its digest says. */
  corrupt(): void;
  close(): Promise<void>;
}

/** A tar archive of nothing is two empty blocks. */
const LAYER = Buffer.alloc(1024);

export async function startImageRegistry(port: number): Promise<ImageRegistry> {
  const config = Buffer.from(
    JSON.stringify({
      architecture: process.arch === 'x64' ? 'amd64' : process.arch,
      os: 'linux',
      config: {},
      rootfs: { type: 'layers', diff_ids: [digestOf(LAYER)] },
    }),
  );
  const of = (kind: string, content: Buffer) => ({
    mediaType: `application/vnd.oci.image.${kind}`,
    digest: digestOf(content),
    size: content.length,
  });
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: of('config.v1+json', config),
      layers: [of('layer.v1.tar', LAYER)],
    }),
  );
  const blobs = new Map([config, LAYER, manifest].map((content) => [digestOf(content), content]));
  const server = createServer((incoming, outgoing) => {
    const [, kind, digest = ''] = /^\/v2\/a\/b\/(manifests|blobs)\/(.+)$/.exec(incoming.url ?? '') ?? [];
    const content = incoming.url === '/v2/' ? Buffer.from('{}') : blobs.get(digest);
    if (content === undefined) {
      outgoing.writeHead(404, { 'content-type': 'application/json' });
      outgoing.end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}');
      return;
    }
    outgoing.writeHead(200, {
      'content-type': kind === 'manifests' ? MANIFEST : 'application/octet-stream',
      'content-length': content.length,
      ...(digest === '' ? {} : { 'docker-content-digest': digest }),
    });
    outgoing.end(incoming.method === 'HEAD' ? undefined : content);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = `127.0.0.1:${port}`;
  return {
    address,
    image: `${address}/a/b@${digestOf(manifest)}`,
    corrupt: () => blobs.set(digestOf(LAYER), Buffer.alloc(1024, 1)),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

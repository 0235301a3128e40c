import { createRealClock } from '../../../fleet/clock.ts';
import { type Listener, listen } from '../../cloud/listener.ts';
import type { Faults } from '../faults.ts';
import { createMetadataService, type MetadataSource } from './service.ts';

/** A metadata server on a port of its own: GCE_METADATA_HOST is its `host`. */
export interface MetadataServer extends Listener {
  host: string;
}

export async function createMetadataServer(source: MetadataSource, faults: Faults): Promise<MetadataServer> {
  const answer = createMetadataService(source, faults, createRealClock());
  const listener = await listen(({ method = 'GET', url = '/', headers }, response) => {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    void answer({ method, target: url, headers }, gone.signal).then((reply) => {
      if (reply === undefined || response.destroyed) return;
      response.writeHead(reply.status, reply.headers);
      response.end(reply.body);
    });
  });
  return { ...listener, host: new URL(listener.url).host };
}

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLocalServer } from '../unit/support/local-server.ts';
import type { CloudMachine } from './cloud-machine.ts';

/** Made independently of the lab's twin. */
export interface DropletMachine extends CloudMachine {
  /** The file with its name and its keys, as its user-data would have brought it. */
  dropletFile: string;
  tag(name: string): void;
}

export interface Droplet {
  name: string;
  id: string;
  pool: string;
  statusKey: string;
}

const WAKE = '/api/v1/web/fn-1/ebbtide-media/orchestrator';
export const WAKE_SECRET = 'quite-secret';

/** What surrounds one droplet: its metadata service, the function that it wakes, and the file that it was made with. */
export async function startDropletMachine(droplet: Droplet): Promise<DropletMachine> {
  const wakes: DropletMachine['wakes'] = [];
  const tags = [`ebbtide-${droplet.pool}`];
  let failure: number | undefined;

  const server = await startLocalServer(({ method, path, headers }) => {
    if (path === WAKE) {
      const authorization = [headers['x-require-whisk-auth']].flat()[0];
      if (method !== 'POST' || authorization !== WAKE_SECRET) return { status: 401 };
      wakes.push({ authorization });
      return { status: 200, body: '{}' };
    }
    if (failure !== undefined) return { status: failure };
    const text: Record<string, string> = {
      '/metadata/v1/id': droplet.id,
      '/metadata/v1/hostname': droplet.name,
      '/metadata/v1/region': 'fra1',
      '/metadata/v1/interfaces/private/0/ipv4/address': '127.0.0.1',
      '/metadata/v1/tags': tags.join('\n'),
    };
    const body = text[path];
    return method !== 'GET' || body === undefined ? { status: 404 } : { status: 200, body };
  });

  const folder = await mkdtemp(join(tmpdir(), 'ebbtide-droplet-'));
  const dropletFile = join(folder, 'droplet.json');
  const own = {
    node: droplet.name,
    statusKey: droplet.statusKey,
    spaces: { accessKeyId: 'DO00EXAMPLE', secretAccessKey: 'also-quite-secret' },
    wake: { url: `${server.url}${WAKE}`, secret: WAKE_SECRET },
  };
  await writeFile(dropletFile, JSON.stringify(own), { mode: 0o600 });

  return {
    environment: { EBBTIDE_DROPLET_METADATA: server.url },
    dropletFile,
    wakes,
    tag: (name) => tags.push(name),
    protect: () => tags.push('ebbtide-protected'),
    failWith(status) {
      failure = status;
    },
    async close() {
      await server.close();
      await rm(folder, { recursive: true });
    },
  };
}

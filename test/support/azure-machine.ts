import { STORAGE_AUDIENCE } from '../../fleet/azure/access-token.ts';
import { instanceDocument, tokenDocument } from '../unit/support/azure-imds.ts';
import { startLocalServer } from '../unit/support/local-server.ts';
import type { CloudMachine } from './cloud-machine.ts';

/** Made independently of the lab's twin. */
export interface AzureMachine extends CloudMachine {
  wakeUrl: string;
  /** The cloud will do this to these machines, not before so many ms from now. */
  schedule(type: 'Preempt' | 'Terminate' | 'Reboot', names: string[], inMs: number): void;
  /** The ids to which this machine has consented. */
  acknowledged: string[];
}

const WAKE = '/workflows/w/triggers/wake/paths/invoke';

/** What surrounds one instance of a scale set: its metadata service, and the workflow that it wakes. */
export async function startAzureMachine(name: string, token: string): Promise<AzureMachine> {
  const wakes: AzureMachine['wakes'] = [];
  const acknowledged: string[] = [];
  const tagsList: { name: string; value: string }[] = [];
  const events: object[] = [];
  let failure: number | undefined;

  const server = await startLocalServer(({ method, path, url, headers, body }) => {
    if (path === WAKE) {
      if (method !== 'POST' || url.searchParams.get('sig') !== 'quite-secret') return { status: 401 };
      wakes.push({ authorization: headers.authorization });
      return { status: 202 };
    }
    if (failure !== undefined) return { status: failure };
    if (headers.metadata !== 'true' || !url.searchParams.get('api-version')) return { status: 400 };
    switch (`${method} ${path}`) {
      case 'GET /metadata/identity/oauth2/token':
        // A node has rights on its store, and on nothing that the resource manager holds.
        if (url.searchParams.get('resource') !== STORAGE_AUDIENCE) return { status: 400 };
        return { status: 200, body: tokenDocument(token) };
      case 'GET /metadata/instance':
        return { status: 200, body: instanceDocument({ name, tagsList }) };
      case 'GET /metadata/scheduledevents':
        return { status: 200, body: JSON.stringify({ DocumentIncarnation: 1, Events: events }) };
      case 'POST /metadata/scheduledevents':
        for (const { EventId } of JSON.parse(body).StartRequests) acknowledged.push(EventId);
        return { status: 200 };
      default:
        return { status: 404 };
    }
  });

  const schedule: AzureMachine['schedule'] = (EventType, Resources, inMs) => {
    events.push({
      EventId: `e-${events.length + 1}`,
      EventType,
      ResourceType: 'VirtualMachine',
      Resources,
      EventStatus: 'Scheduled',
      NotBefore: new Date(Date.now() + inMs).toUTCString(),
      Description: '',
      EventSource: 'Platform',
      DurationInSeconds: -1,
    });
  };
  return {
    environment: { AZURE_POD_IDENTITY_AUTHORITY_HOST: server.url },
    wakeUrl: `${server.url}${WAKE}?api-version=2019-05-01&sig=quite-secret`,
    wakes,
    acknowledged,
    schedule,
    preempt: () => schedule('Preempt', [name], 30_000),
    protect: () => tagsList.push({ name: 'ebbtide-protected', value: 'true' }),
    failWith(status) {
      failure = status;
    },
    close: () => server.close(),
  };
}

import { type Faults, GARBAGE, spoiled } from '../cloud/faults.ts';
import { type HttpReply, serve } from '../cloud/http-front.ts';
import type { Listener } from '../cloud/listener.ts';
import type { RawRequest } from '../raw-request.ts';
import type { Droplet } from './droplets/droplet.ts';
import type { OceanFaulty } from './faults.ts';
import { PRIVATE_IP } from './front/views.ts';

const ROOT = '/metadata/v1/';

/** One droplet's metadata service, on a port of its own. Whatever runs on the droplet may ask it. */
export function createMetadataServer(
  droplet: Droplet,
  faults: Pick<Faults<OceanFaulty>, 'take'>,
  onTrouble: (problem: string) => void,
): Promise<Listener> {
  return serve((request) => answerMetadata(request, droplet, faults), onTrouble);
}

/** Undefined: nothing at all, until whoever asks gives up. */
export function answerMetadata(
  { method, target }: Pick<RawRequest, 'method' | 'target'>,
  droplet: Droplet,
  faults: Pick<Faults<OceanFaulty>, 'take'>,
): HttpReply | undefined {
  const path = target.startsWith(ROOT) ? target.slice(ROOT.length) : undefined;
  const fault = faults.take({ service: 'metadata', action: path ?? target, instance: droplet.name });
  if (fault !== undefined) return spoiled(fault, text(500, 'Internal Server Error'), text(200, GARBAGE));
  const found = path === undefined || method !== 'GET' ? undefined : textAt(path, droplet);
  return found === undefined ? text(404, 'not found') : text(200, found);
}

/** As it is now: tags that come later are told too. */
function textAt(path: string, { id, name, spec, tags }: Droplet): string | undefined {
  switch (path) {
    case 'id':
      return String(id);
    case 'hostname':
      return name;
    case 'region':
      return spec.region;
    case 'user-data':
      return spec.userData;
    case 'tags':
      return tags.join('\n');
    case 'interfaces/private/0/ipv4/address':
      return PRIVATE_IP;
    default:
      return undefined;
  }
}

function text(status: number, body: string): HttpReply {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body };
}

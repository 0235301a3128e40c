import { type Answer, type ReceivedRequest, startLocalServer } from './support/local-server.ts';

export const OCEAN_TOKEN = 'token of the operator';
export const BIRTH = '0123abcd';

/** What DigitalOcean tells of a thing that it has made, and the pool's own providers, as far as the program asks. */
export function digitalOceanOutputs(
  type: string,
  name: string,
  inputs: Record<string, unknown>,
): Record<string, unknown> {
  const named = { name: inputs.name ?? name };
  switch (type) {
    case 'digitalocean:index/spacesKey:SpacesKey':
      return { ...named, accessKey: `id of ${inputs.name}`, secretKey: `secret of ${inputs.name}` };
    case 'pulumi-nodejs:dynamic/ebbtide:RandomText':
      return { text: inputs.bytes === BIRTH.length / 2 ? BIRTH : `${name} `.padEnd(64, '*') };
    case 'pulumi-nodejs:dynamic/ebbtide:FunctionsNamespace':
      return { apiHost: 'https://faas-fra1-1.doserverless.co' };
    case 'pulumi-nodejs:dynamic/ebbtide:FunctionsAction':
      return { function: `${inputs.package}/${inputs.name}`, url: `https://functions/${inputs.name}` };
    default:
      return named;
  }
}

type Things = Record<string, unknown>;

/** What every region has in which a VPC was ever made. */
export const DEFAULT_VPC = {
  id: '0b1c6a24-58c0-4b4f-9a53-7e2f4a1d9c11',
  name: 'default-fra1',
  region: 'fra1',
  description: '',
  ip_range: '10.114.0.0/20',
  default: true,
};

/** An account in which the pool finds all that it needs, and nothing that is in its way. */
export const GOOD_ACCOUNT: Things = {
  '/v2/account': { account: { droplet_limit: 25, team: { uuid: 'team-1' } } },
  '/v2/droplets': { droplets: [], meta: { total: 0 } },
  '/v2/tags/ebbtide-media': undefined,
  '/v2/regions': {
    regions: [
      { slug: 'nyc2', available: false, sizes: [] },
      { slug: 'fra1', available: true, sizes: ['s-1vcpu-1gb', 'c-4', 'c-8'] },
    ],
  },
  '/v2/sizes': { sizes: [] },
  '/v2/images/debian-13-x64': { image: { regions: ['fra1', 'nyc3'] } },
  '/v2/vpcs': { vpcs: [DEFAULT_VPC] },
  '/v2/firewalls': { firewalls: [] },
  '/v2/functions/namespaces': { namespaces: null },
  '/v2/spaces/keys': { keys: [] },
  '/v2/load_balancers': { load_balancers: [] },
  '/v2/certificates': { certificates: [] },
  '/v2/monitoring/alerts': { policies: [] },
  '/v2/uptime/checks': { checks: [] },
};

export type AccountAnswer = (request: ReceivedRequest) => Answer | undefined;

/** DigitalOcean's API as far as a preview reads it. `answer` goes before what the account has; undefined leaves it to that. */
export async function startAccount(things: Things = GOOD_ACCOUNT, answer: AccountAnswer = () => undefined) {
  const server = await startLocalServer((request) => {
    const own = answer(request);
    if (own !== undefined) return own;
    if (request.method !== 'GET') return refusal(405, 'not_allowed');
    const found = things[request.path];
    return found === undefined ? refusal(404, 'not_found') : { status: 200, body: JSON.stringify(found) };
  });
  return {
    ...server,
    environment: { DIGITALOCEAN_TOKEN: OCEAN_TOKEN, DIGITALOCEAN_API_URL: server.url },
  };
}

export function refusal(status: number, id: string): Answer {
  return { status, body: JSON.stringify({ id, message: `as a test has it: ${id}` }) };
}

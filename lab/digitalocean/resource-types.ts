import { webActionUrl } from '../../fleet/digitalocean/web-action.ts';
import { hexId, uuid } from '../cloud/identifiers.ts';
import type { Created, Inputs } from '../pulumi/resource.ts';
import type { Place } from './model.ts';

export type Create = (inputs: Inputs, seed: string, place: Place) => Created;

/** What the real provider answers for a new resource, beside its inputs. A type that is not here is refused. */
export function creatorOf(type: string): Create | undefined {
  return CREATORS[type];
}

const CREATORS: Readonly<Record<string, Create>> = {
  'digitalocean:index/tag:Tag': ({ name }) => ({
    id: String(name),
    outputs: {
      databasesCount: 0,
      dropletsCount: 0,
      imagesCount: 0,
      totalResourceCount: 0,
      volumeSnapshotsCount: 0,
      volumesCount: 0,
    },
  }),
  'digitalocean:index/vpc:Vpc': ({ region }, seed, place) => {
    if (region !== place.region)
      throw new Error(`the twin has one region, ${place.region}; the VPC is to be in ${region}`);
    const id = uuid(seed);
    return { id, outputs: { createdAt: momentOf(seed), default: false, vpcUrn: `do:vpc:${id}` } };
  },
  'digitalocean:index/firewall:Firewall': (_inputs, seed) => ({
    id: uuid(seed),
    outputs: { createdAt: momentOf(seed), pendingChanges: [], status: 'succeeded' },
  }),
  'digitalocean:index/loadBalancer:LoadBalancer': (_inputs, seed) => {
    const id = uuid(seed);
    return {
      id,
      outputs: {
        createdAt: momentOf(seed),
        ip: '192.0.2.1',
        ipv6: '',
        loadBalancerUrn: `do:loadbalancer:${id}`,
        status: 'active',
      },
    };
  },
  'digitalocean:index/monitorAlert:MonitorAlert': ({ alerts }, seed) => {
    const { emails = [] } = Object(alerts);
    if (!Array.isArray(emails) || emails.length === 0)
      throw new Error('422: an alert must have an e-mail address or a channel of Slack');
    return { id: uuid(seed), outputs: { uuid: uuid(seed) } };
  },
  'digitalocean:index/uptimeCheck:UptimeCheck': ({ regions }, seed) => {
    // It would choose some itself, and its provider would want them away again each time.
    if (!Array.isArray(regions) || regions.length === 0) throw new Error('a check must name its regions');
    return { id: uuid(seed), outputs: {} };
  },
  'digitalocean:index/uptimeAlert:UptimeAlert': ({ type, threshold, comparison, notifications }, seed) => {
    const { emails = [] } = Object([notifications].flat()[0]);
    if (!Array.isArray(emails) || emails.length === 0)
      throw new Error('422: an alert must have an e-mail address or a channel of Slack');
    // Whatever is sent, it keeps these, and its provider would want another back each time.
    const isDown = type === 'down' || type === 'down_global';
    if (isDown && (threshold !== 1 || comparison !== 'less_than'))
      throw new Error('an alert of what is down has the threshold 1 and the comparison less_than');
    return { id: uuid(seed), outputs: {} };
  },
  'digitalocean:index/spacesKey:SpacesKey': ({ grants }, seed) => {
    if (!Array.isArray(grants) || grants.length === 0) throw new Error('422: a key must have a grant');
    const accessKey = `DO00${hexId(`${seed} id`, 16).toUpperCase()}`;
    return {
      id: accessKey,
      outputs: { accessKey, secretKey: hexId(`${seed} secret`, 43), createdAt: momentOf(seed) },
    };
  },
  'digitalocean:index/spacesBucket:SpacesBucket': ({ name, region }) => ({
    id: String(name),
    outputs: {
      bucketDomainName: `${name}.${region}.digitaloceanspaces.com`,
      bucketUrn: `do:space:${name}`,
      endpoint: `${region}.digitaloceanspaces.com`,
    },
  }),
  // Its other outputs are of versions, which no bucket of the pool has.
  'digitalocean:index/spacesBucketObject:SpacesBucketObject': ({ key, source, content }) => {
    if ((source === undefined) === (content === undefined))
      throw new Error('an object has a source or a content, and not both');
    return { id: String(key), outputs: { etag: hexId(String(source ?? content), 32), versionId: '' } };
  },
  'pulumi-nodejs:dynamic/ebbtide:RandomText': ({ bytes }, seed) => ({
    id: seed,
    outputs: { text: hexId(seed, Number(bytes) * 2) },
  }),
  'pulumi-nodejs:dynamic/ebbtide:FunctionsNamespace': (_inputs, seed, { endpoint }) => ({
    id: `fn-${uuid(seed)}`,
    outputs: { apiHost: endpoint },
  }),
  'pulumi-nodejs:dynamic/ebbtide:FunctionsPackage': ({ namespace, name }) => ({
    id: `${namespace}/${name}`,
    outputs: {},
  }),
  'pulumi-nodejs:dynamic/ebbtide:FunctionsAction': (inputs, _seed, { endpoint }) => {
    const { namespace, package: inside, name, webSecret, open } = inputs;
    const path = `${inside}/${name}`;
    const url =
      webSecret === undefined && open !== true ? '' : webActionUrl(endpoint, String(namespace), path);
    return { id: `${namespace}/${path}`, outputs: { function: path, url, version: '0.0.1', digest: '' } };
  },
  'pulumi-nodejs:dynamic/ebbtide:FunctionsTrigger': ({ namespace, name }) => ({
    id: `${namespace}/${name}`,
    outputs: {},
  }),
};

/** Another one for each thing that is made, and the same for the same program. */
function momentOf(seed: string): string {
  return new Date(Number(`0x${hexId(seed, 10)}`)).toISOString();
}

import type { RulesByType } from '../pulumi/provider/type-rules.ts';

/** As the provider's schema says: changing these makes a thing anew. What could have a generated name goes first then. */
export const OCEAN_RULES: RulesByType = {
  'digitalocean:index/tag:Tag': { autoName: 'name', replaces: ['name'] },
  'digitalocean:index/vpc:Vpc': { autoName: 'name', replaces: ['region', 'ipRange'] },
  'digitalocean:index/firewall:Firewall': { replaces: [] },
  'digitalocean:index/loadBalancer:LoadBalancer': {
    autoName: 'name',
    replaces: ['region', 'vpcUuid', 'type', 'network'],
  },
  'digitalocean:index/monitorAlert:MonitorAlert': { replaces: [] },
  'digitalocean:index/uptimeCheck:UptimeCheck': { replaces: [] },
  'digitalocean:index/uptimeAlert:UptimeAlert': { replaces: [] },
  'digitalocean:index/spacesKey:SpacesKey': { replaces: [] },
  'digitalocean:index/spacesBucket:SpacesBucket': { autoName: 'name', replaces: ['name', 'region'] },
  'digitalocean:index/spacesBucketObject:SpacesBucketObject': {
    defaults: { forceDestroy: false },
    replaces: ['bucket', 'key', 'region'],
    renewed: ['etag', 'versionId'],
  },
};

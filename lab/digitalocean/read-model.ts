import type { RecordedResource } from '../pulumi/resource.ts';
import type { OceanModel, Place } from './model.ts';
import { readNamespaces } from './reading/functions.ts';
import { readAlerts, readFirewalls, readLoadBalancers, readTags, readVpcs } from './reading/network.ts';
import { readBuckets, readObjects, readSpacesKeys } from './reading/storage.ts';
import { readUptimeChecks } from './reading/uptime.ts';

/** What was provisioned, as the twin simulates it. Throws, naming the resource, for what it would have to leave out. */
export function readModel(resources: readonly RecordedResource[], place: Place): OceanModel {
  const tags = readTags(resources);
  return {
    place,
    tags,
    vpcs: readVpcs(resources),
    firewalls: readFirewalls(resources, tags),
    loadBalancers: readLoadBalancers(resources),
    alerts: readAlerts(resources),
    uptimeChecks: readUptimeChecks(resources),
    buckets: readBuckets(resources, place.spacesRegion),
    objects: readObjects(resources),
    spacesKeys: readSpacesKeys(resources),
    namespaces: readNamespaces(resources),
  };
}

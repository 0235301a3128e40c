import * as v from 'valibot';
import { ofType } from '../../pulumi/reading.ts';
import type { RecordedResource } from '../../pulumi/resource.ts';
import type { AlertPolicy, Firewall, FirewallRule, LoadBalancer, Vpc } from '../model.ts';

const texts = v.optional(v.array(v.string()), []);

const vpcSchema = v.strictObject({
  name: v.string(),
  region: v.string(),
  ipRange: v.string(),
  description: v.optional(v.string(), ''),
  createdAt: v.string(),
  default: v.literal(false),
  vpcUrn: v.string(),
});
const rule = { protocol: v.picklist(['tcp', 'udp', 'icmp']), portRange: v.optional(v.string(), '0') };
const firewallSchema = v.strictObject({
  name: v.string(),
  tags: v.array(v.string()),
  inboundRules: v.array(v.strictObject({ ...rule, sourceAddresses: texts, sourceLoadBalancerUids: texts })),
  outboundRules: v.array(v.strictObject({ ...rule, destinationAddresses: texts })),
  createdAt: v.string(),
  status: v.string(),
  pendingChanges: v.array(v.unknown()),
});
const loadBalancerSchema = v.strictObject({
  name: v.string(),
  region: v.string(),
  sizeUnit: v.number(),
  vpcUuid: v.string(),
  dropletTag: v.string(),
  forwardingRules: v.array(
    v.strictObject({
      entryPort: v.number(),
      entryProtocol: v.string(),
      targetPort: v.number(),
      targetProtocol: v.string(),
      certificateName: v.optional(v.string()),
    }),
  ),
  healthcheck: v.strictObject({
    protocol: v.picklist(['http', 'https', 'tcp']),
    port: v.number(),
    path: v.string(),
    checkIntervalSeconds: v.number(),
    responseTimeoutSeconds: v.number(),
    healthyThreshold: v.number(),
    unhealthyThreshold: v.number(),
  }),
  httpIdleTimeoutSeconds: v.pipe(v.number(), v.minValue(30), v.maxValue(600)),
  createdAt: v.string(),
  ip: v.string(),
  ipv6: v.string(),
  loadBalancerUrn: v.string(),
  status: v.string(),
});
const alertSchema = v.strictObject({
  type: v.string(),
  description: v.string(),
  compare: v.picklist(['GreaterThan', 'LessThan']),
  value: v.number(),
  window: v.picklist(['5m', '10m', '30m', '1h']),
  enabled: v.boolean(),
  alerts: v.strictObject({ emails: v.array(v.string()) }),
  entities: texts,
  tags: texts,
  uuid: v.string(),
});

export function readTags(resources: readonly RecordedResource[]): string[] {
  const schema = v.object({ name: v.string() });
  return ofType(resources, ['digitalocean:index/tag:Tag'], schema).map(({ is }) => is.name);
}

export function readVpcs(resources: readonly RecordedResource[]): Vpc[] {
  return ofType(resources, ['digitalocean:index/vpc:Vpc'], vpcSchema).map(({ id, is }) => {
    const { name, description, region, ipRange, createdAt } = is;
    return { id, name, description, region, ipRange, createdAt };
  });
}

export function readFirewalls(resources: readonly RecordedResource[], tags: readonly string[]): Firewall[] {
  return ofType(resources, ['digitalocean:index/firewall:Firewall'], firewallSchema).map(
    ({ name, id, is }) => {
      const absent = is.tags.find((tag) => !tags.includes(tag));
      if (absent !== undefined) throw new Error(`"${name}": there is no tag ${absent}`);
      return {
        id,
        name: is.name,
        tags: is.tags,
        createdAt: is.createdAt,
        inbound: is.inboundRules.map((each) =>
          ruleOf(each, each.sourceAddresses, each.sourceLoadBalancerUids),
        ),
        outbound: is.outboundRules.map((each) => ruleOf(each, each.destinationAddresses, [])),
      };
    },
  );
}

function ruleOf(
  { protocol, portRange }: { protocol: string; portRange: string },
  addresses: string[],
  loadBalancers: string[],
): FirewallRule {
  return { protocol, ports: portRange, addresses, loadBalancers };
}

export function readLoadBalancers(resources: readonly RecordedResource[]): LoadBalancer[] {
  const type = 'digitalocean:index/loadBalancer:LoadBalancer';
  return ofType(resources, [type], loadBalancerSchema).map(({ id, is }) => ({
    id,
    name: is.name,
    tag: is.dropletTag,
    vpc: is.vpcUuid,
    sizeUnit: is.sizeUnit,
    idleSeconds: is.httpIdleTimeoutSeconds,
    rules: is.forwardingRules,
    healthCheck: {
      protocol: is.healthcheck.protocol,
      port: is.healthcheck.port,
      path: is.healthcheck.path,
      check_interval_seconds: is.healthcheck.checkIntervalSeconds,
      response_timeout_seconds: is.healthcheck.responseTimeoutSeconds,
      healthy_threshold: is.healthcheck.healthyThreshold,
      unhealthy_threshold: is.healthcheck.unhealthyThreshold,
    },
    createdAt: is.createdAt,
  }));
}

export function readAlerts(resources: readonly RecordedResource[]): AlertPolicy[] {
  return ofType(resources, ['digitalocean:index/monitorAlert:MonitorAlert'], alertSchema).map(({ is }) => {
    const { uuid: id, alerts, ...policy } = is;
    return { id, ...policy, emails: alerts.emails };
  });
}

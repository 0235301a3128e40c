import { imageView, regionViews, sizeViews } from '../catalogue.ts';
import type { Droplet } from '../droplets/droplet.ts';
import type {
  AlertPolicy,
  Firewall,
  FirewallRule,
  LoadBalancer,
  SpacesKey,
  UptimeCheck,
  Vpc,
} from '../model.ts';

/** Of every machine of the lab. */
export const PRIVATE_IP = '127.0.0.1';

/** DigitalOcean tells no fractions of a second. */
function momentOf(at: number): string {
  return new Date(at).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

/** `tags`: those that whoever asks may see. */
export function dropletView({ id, name, spec, status, createdAt }: Droplet, tags: readonly string[]) {
  const size = sizeViews().find(({ slug }) => slug === spec.size);
  return {
    id,
    name,
    memory: size?.memory,
    vcpus: size?.vcpus,
    disk: size?.disk,
    locked: status === 'new',
    status,
    kernel: null,
    created_at: momentOf(createdAt),
    features: spec.monitoring ? ['monitoring', 'private_networking'] : ['private_networking'],
    backup_ids: [],
    next_backup_window: null,
    snapshot_ids: [],
    image: imageView(spec.image),
    volume_ids: [],
    size,
    size_slug: spec.size,
    networks: {
      v4: status === 'new' ? [] : [{ ip_address: PRIVATE_IP, netmask: '255.255.0.0', type: 'private' }],
      v6: [],
    },
    region: regionViews().find(({ slug }) => slug === spec.region),
    tags,
    ...(spec.vpc === undefined ? {} : { vpc_uuid: spec.vpc }),
  };
}

export function tagView(name: string, droplets: readonly Droplet[]) {
  const { length: count } = droplets.filter(({ tags }) => tags.includes(name));
  const none = { count: 0 };
  return {
    name,
    resources: {
      count,
      droplets: { count },
      images: none,
      volumes: none,
      volume_snapshots: none,
      databases: none,
    },
  };
}

export function vpcView({ id, name, description, region, ipRange, createdAt }: Vpc) {
  const urn = `do:vpc:${id}`;
  return { id, name, description, region, ip_range: ipRange, default: false, urn, created_at: createdAt };
}

/** The first that an account ever had in a region. It stays. */
export function defaultVpcView(region: string) {
  const id = '0b1c6a24-58c0-4b4f-9a53-7e2f4a1d9c11';
  const own = { id, name: `default-${region}`, description: '', region, ipRange: '10.114.0.0/20' };
  return { ...vpcView({ ...own, createdAt: '2024-01-01T00:00:00Z' }), default: true };
}

export function firewallView({ id, name, tags, inbound, outbound, createdAt }: Firewall) {
  const of = ({ addresses, loadBalancers }: FirewallRule) => ({
    addresses,
    ...(loadBalancers.length === 0 ? {} : { load_balancer_uids: loadBalancers }),
  });
  return {
    id,
    name,
    status: 'succeeded',
    created_at: createdAt,
    pending_changes: [],
    droplet_ids: [],
    tags,
    inbound_rules: inbound.map((rule) => ({
      protocol: rule.protocol,
      ports: rule.ports,
      sources: of(rule),
    })),
    outbound_rules: outbound.map((rule) => ({
      protocol: rule.protocol,
      ports: rule.ports,
      destinations: of(rule),
    })),
  };
}

export function loadBalancerView(balancer: LoadBalancer, droplets: readonly Droplet[], region: string) {
  const { id, name, tag, vpc, sizeUnit, rules, healthCheck, idleSeconds, createdAt } = balancer;
  return {
    id,
    name,
    ip: '192.0.2.1',
    size_unit: sizeUnit,
    status: 'active',
    created_at: createdAt,
    forwarding_rules: rules.map((rule) => ({
      entry_protocol: rule.entryProtocol,
      entry_port: rule.entryPort,
      target_protocol: rule.targetProtocol,
      target_port: rule.targetPort,
    })),
    health_check: healthCheck,
    http_idle_timeout_seconds: idleSeconds,
    vpc_uuid: vpc,
    region: regionViews().find(({ slug }) => slug === region),
    droplet_ids: droplets.filter(({ tags }) => tags.includes(tag)).map((droplet) => droplet.id),
    tag,
  };
}

export function alertView({ id, emails, ...policy }: AlertPolicy) {
  return { uuid: id, ...policy, alerts: { email: emails, slack: [] } };
}

export function uptimeCheckView({ alerts, ...check }: UptimeCheck) {
  return check;
}

export function spacesKeyView({ name, accessKey, grants, createdAt }: SpacesKey) {
  return { name, access_key: accessKey, grants, created_at: createdAt };
}

import type { Bucket } from '../aws/model.ts';
import type { Namespace } from './functions-api/model.ts';

/** What one program provisioned in a twin DigitalOcean: plain data, so that many twins can be made of one application. */
export interface OceanModel {
  place: Place;
  /** Of the whole account. */
  tags: string[];
  vpcs: Vpc[];
  firewalls: Firewall[];
  loadBalancers: LoadBalancer[];
  alerts: AlertPolicy[];
  uptimeChecks: UptimeCheck[];
  /** `arn` is the name: Spaces has no ARNs. */
  buckets: Bucket[];
  objects: ProvisionedObject[];
  spacesKeys: SpacesKey[];
  /** What a program on paper made; under the CLI they come by the API. */
  namespaces: Namespace[];
}

/** Where a twin is. */
export interface Place {
  /** Of the droplets. */
  region: string;
  spacesRegion: string;
  /** Where every service of it answers: a twin has no names of its own in the DNS. */
  endpoint: string;
}

export interface ProvisionedObject {
  bucket: string;
  key: string;
  body: Buffer;
}

export interface SpacesKey {
  name: string;
  accessKey: string;
  secretKey: string;
  createdAt: string;
  /** A bucket without a name is every bucket. */
  grants: { bucket: string; permission: 'read' | 'readwrite' | 'fullaccess' }[];
}

export interface Vpc {
  id: string;
  name: string;
  description: string;
  region: string;
  ipRange: string;
  createdAt: string;
}

export interface FirewallRule {
  protocol: string;
  ports: string;
  /** Of whom it comes, or to whom it goes. */
  addresses: string[];
  loadBalancers: string[];
}

export interface Firewall {
  id: string;
  name: string;
  tags: string[];
  inbound: FirewallRule[];
  outbound: FirewallRule[];
  createdAt: string;
}

export interface LoadBalancer {
  id: string;
  name: string;
  tag: string;
  vpc: string;
  sizeUnit: number;
  idleSeconds: number;
  rules: { entryPort: number; entryProtocol: string; targetPort: number; targetProtocol: string }[];
  healthCheck: Record<string, string | number>;
  createdAt: string;
}

export interface AlertPolicy {
  id: string;
  type: string;
  description: string;
  compare: string;
  value: number;
  window: string;
  enabled: boolean;
  emails: string[];
  entities: string[];
  tags: string[];
}

export interface UptimeCheck {
  id: string;
  name: string;
  type: string;
  target: string;
  regions: string[];
  enabled: boolean;
  alerts: UptimeAlert[];
}

export interface UptimeAlert {
  id: string;
  name: string;
  type: string;
  /** How long it must be so. */
  periodMs: number;
  emails: string[];
}

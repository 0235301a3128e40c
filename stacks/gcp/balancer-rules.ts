import { describeDuration } from '../../fleet/duration.ts';
import type { Problem } from '../settings-errors.ts';
import type { GcpNames } from './names.ts';
import type { GcpSettings } from './settings.ts';

/** How backend services find the signalling port of the pool's group. */
export const SIGNAL_PORT = 'signal';

/** Whence Google's probes come, and its front ends to nodes. */
export const BALANCER_RANGES = ['35.191.0.0/16', '130.211.0.0/22'];

/** What Google says of a backend service, as far as it is asked. */
export interface BackendService {
  isGlobal: boolean;
  name: string;
  loadBalancingScheme: string;
  protocol: string;
  portName: string;
  timeoutSec: number;
  connectionDrainingTimeoutSec: number;
  /** The instance groups, by their addresses. */
  backends: { group: string }[];
  /** Of each of its health checks; undefined: it cannot be read. */
  healthChecks: (HealthCheck | undefined)[];
}

export interface HealthCheck {
  type: string;
  httpHealthChecks: { port: number; portSpecification: string; requestPath: string }[];
}

/** Less is a cut now and then, for everybody. */
const SHORTEST_SIGNALLING_S = 3600;
/** What nodes speak on their signalling port, which has no certificate. */
const SPOKEN = ['HTTP', 'TCP', 'UNSPECIFIED'];

/** What would bring nobody to a node, or people to one that takes no more. Pure. */
export function balancerProblems(
  service: BackendService,
  key: string,
  { media, agent }: GcpSettings,
): Problem[] {
  const problems: Problem[] = [];
  const wrong = (says: string) => problems.push({ key, says });
  const { protocol, portName } = service;
  if (!SPOKEN.includes(protocol))
    wrong(
      `speaks ${protocol} to nodes: it must speak HTTP or TCP, since nodes have no certificate. The target proxy has it`,
    );
  if (hasNamedPort(service) && portName !== SIGNAL_PORT)
    wrong(
      `looks for a port that is called "${portName}": it must be "${SIGNAL_PORT}", as the pool's group calls ` +
        `ebbtide:media.ports.signal, which is ${media.ports.signal} (\`--port-name ${SIGNAL_PORT}\`)`,
    );
  const known = service.healthChecks.flatMap((check) => check ?? []);
  for (const { type, httpHealthChecks } of known) {
    const [http] = httpHealthChecks;
    const isRight =
      type === 'HTTP' &&
      http !== undefined &&
      ['', 'USE_FIXED_PORT'].includes(http.portSpecification) &&
      http.port === agent.http.port &&
      http.requestPath === '/healthz';
    if (isRight) continue;
    wrong(
      `has a health check that asks ${type} ${http === undefined ? '' : `${http.requestPath} on port ${http.port}`}: it must be ` +
        `http://NODE:${agent.http.port}/healthz, which is the agent's, and 200 only while a node takes new work ` +
        `(\`gcloud compute health-checks create http … --port ${agent.http.port} --request-path /healthz\`)`,
    );
  }
  return problems;
}

/** What is allowed, or cannot be seen from here, and yet worth saying at preview. Pure. */
export function balancerWarnings(
  service: BackendService,
  key: string,
  { network, agent, gcpProvider }: GcpSettings,
  names: GcpNames,
): Problem[] {
  const { isGlobal, name, protocol, timeoutSec, connectionDrainingTimeoutSec, backends } = service;
  const { region } = gcpProvider;
  const warnings: Problem[] = [];
  const warn = (says: string) => warnings.push({ key, says });
  const scope = isGlobal ? '--global' : `--region ${region}`;
  const seconds = (amount: number) => (amount === 0 ? 'at once' : `after ${describeDuration(amount * 1000)}`);
  if (!backends.some(({ group }) => group.endsWith(`/regions/${region}/instanceGroups/${names.group}`)))
    warn(
      `does not have the pool's group among its backends. After \`pulumi up\`: \`gcloud compute backend-services add-backend ${name} ${scope} ` +
        `--instance-group ${names.group} --instance-group-region ${region}\`; and \`remove-backend\` before a destroy`,
    );
  if (protocol === 'HTTP' && timeoutSec < SHORTEST_SIGNALLING_S)
    warn(
      `has a timeout of ${timeoutSec} s, which is the longest that a signalling connection lives: clients then come back, again and ` +
        `again (\`gcloud compute backend-services update ${name} ${scope} --timeout 86400\`)`,
    );
  if (connectionDrainingTimeoutSec < SHORTEST_SIGNALLING_S)
    warn(
      `cuts the signalling of a node that is to leave ${seconds(connectionDrainingTimeoutSec)}, as the pruner takes that out of its group; calls ` +
        'go on, and clients come back by another node. An hour is the most that Google takes; for so long it then also keeps ' +
        'a machine that is empty already',
    );
  if (service.healthChecks.includes(undefined))
    warn(
      `has a health check that cannot be read from here: see to it that it asks http://NODE:${agent.http.port}/healthz, which is 200 ` +
        'only while a node takes new work',
    );
  if (isProxyOfRegion(service) && !network.signalFrom.includes('0.0.0.0/0'))
    warn(
      'comes to nodes from the proxy-only subnet: see to it that ebbtide:network.signalFrom has its range',
    );
  return warnings;
}

/** A balancer that hands packets through goes by the forwarding rule's own ports. */
function hasNamedPort({ isGlobal, loadBalancingScheme }: BackendService): boolean {
  return isGlobal || loadBalancingScheme.endsWith('_MANAGED');
}

function isProxyOfRegion({ isGlobal, loadBalancingScheme }: BackendService): boolean {
  return (
    loadBalancingScheme.endsWith('_MANAGED') && (!isGlobal || loadBalancingScheme.startsWith('INTERNAL'))
  );
}

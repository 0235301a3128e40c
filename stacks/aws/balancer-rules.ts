import type { Problem } from '../settings-errors.ts';
import type { AwsSettings } from './settings.ts';

/** What AWS says of a target group, as far as it is asked. */
export interface TargetGroup {
  arn: string;
  vpcId: string;
  targetType: string;
  protocol: string;
  port: number;
  healthCheck: { enabled: boolean; protocol: string; path: string; port: string; matcher: string };
  loadBalancerArns: string[];
}

/** What nodes speak on their signalling port: of an application load balancer, and of a network load balancer. */
const SPOKEN = ['HTTP', 'TCP'];

/** What would bring nobody to a node, or people to one that takes no more. Pure. */
export function balancerProblems(
  { vpcId, targetType, protocol, port, healthCheck, loadBalancerArns }: TargetGroup,
  key: string,
  { network, media, agent }: AwsSettings,
): Problem[] {
  const problems: Problem[] = [];
  const wrong = (says: string) => problems.push({ key, says });
  if (vpcId !== network.id)
    wrong(`is in ${vpcId || 'no VPC'}: it must be in ebbtide:network.id, which is ${network.id}`);
  if (targetType !== 'instance')
    wrong(`has targets of the type "${targetType}": they must be "instance", as which nodes register`);
  if (!SPOKEN.includes(protocol))
    wrong(
      `speaks ${protocol} to its targets: it must speak HTTP or TCP, since nodes have no certificate. The listener has it`,
    );
  if (port !== media.ports.signal)
    wrong(`has the port ${port}: it must be ebbtide:media.ports.signal, which is ${media.ports.signal}`);
  if (loadBalancerArns.length === 0)
    wrong('is behind no load balancer: give it to a listener first, so that its ways to the nodes are known');
  const { enabled, protocol: asks, path, port: asked, matcher } = healthCheck;
  const health = `http://NODE:${agent.http.port}/healthz`;
  if (!enabled || asks !== 'HTTP' || path !== '/healthz' || asked !== String(agent.http.port)) {
    const now = enabled ? `${asks} ${path} on port ${asked}` : 'no health check';
    wrong(
      `has ${now}: its health check must be ${health}, which is the agent's, and 200 only while a node takes new work ` +
        `(\`aws elbv2 modify-target-group --health-check-protocol HTTP --health-check-port ${agent.http.port} --health-check-path /healthz --matcher HttpCode=200 …\`)`,
    );
  } else if (!takes(matcher, 200) || takes(matcher, 503)) {
    wrong(
      `takes ${matcher} for healthy: it must take 200, and not 503, which a node answers that takes no new work`,
    );
  }
  return problems;
}

/** What cannot be seen from here. Pure. */
export function balancerWarnings({ arn, protocol }: TargetGroup, key: string): Problem[] {
  if (protocol !== 'TCP') return [];
  return [
    {
      key,
      says:
        "is a network load balancer's, which by itself cuts the signalling of a node as soon as that begins to drain, and that cannot be " +
        'seen from here. See to it that its attribute target_health_state.unhealthy.connection_termination.enabled is false: ' +
        `\`aws elbv2 modify-target-group-attributes --target-group-arn ${arn} --attributes ` +
        'Key=target_health_state.unhealthy.connection_termination.enabled,Value=false`',
    },
  ];
}

/** A matcher is a list of codes and ranges: "200", "200-399", "200,202". */
function takes(matcher: string, code: number): boolean {
  return matcher.split(',').some((part) => {
    const [first = Number.NaN, last = first] = part.trim().split('-').map(Number);
    return first <= code && code <= last;
  });
}

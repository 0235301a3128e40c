import { describeDuration } from '../fleet/duration.ts';
import type { RightPart } from './right-part.ts';
import type { Problem } from './settings-errors.ts';
import type { CommonSettings, SharedSettings } from './settings-schema.ts';

/** What settings that are right by themselves ask of each other, on every cloud. */
export function sharedProblems(
  { pool, network, access, media, agent }: RightPart<SharedSettings>,
  { hasSubnets }: { hasSubnets: boolean },
): Problem[] {
  const { min, max, initial } = pool ?? {};
  const problems: Problem[] = [];
  const wrong = (key: string, says: string) => problems.push({ key, says });

  if (min !== undefined && max !== undefined) {
    if (min > max) wrong('pool.min', `is ${min}: must be at most ebbtide:pool.max, which is ${max}`);
    if (initial !== undefined && (initial < min || initial > max)) {
      wrong(
        'pool.initial',
        `is ${initial}: must lie between ebbtide:pool.min and ebbtide:pool.max, ${min} to ${max}`,
      );
    }
  }
  if (pool?.imageHasSoftware === true && !('image' in pool) && !('existingGroup' in pool)) {
    wrong(
      'pool.imageHasSoftware',
      'is true: must come with ebbtide:pool.image, the image that has the software',
    );
  }
  if (hasSubnets && network?.id !== undefined && !('subnets' in network)) {
    wrong(
      'network.subnets',
      'is missing: with ebbtide:network.id it must list the subnets in which the nodes are to live',
    );
  }
  if (network?.subnets !== undefined && !('id' in network)) {
    wrong('network.id', 'is missing: with ebbtide:network.subnets it must name the network that they are in');
  }
  if (network?.id !== undefined && network.cidr !== undefined) {
    wrong(
      'network.cidr',
      'is of no use with ebbtide:network.id: it is the range of a network that is created; leave out one of them',
    );
  }
  const balancers = network?.balancers ?? [];
  for (const [index, balancer] of balancers.entries()) {
    if (balancer === undefined || balancers.indexOf(balancer) === index) continue;
    wrong(`network.balancers[${index}]`, `is "${balancer}": must be named once`);
  }
  if (access?.shell === false && (access.keys ?? []).length > 0) {
    wrong('access.keys', 'let nobody in: must come with ebbtide:access.shell, which is false');
  }
  const ports = [
    ['media.ports.signal', media?.ports?.signal],
    ['media.ports.rtcTcp', media?.ports?.rtcTcp],
    ['media.ports.metrics', media?.ports?.metrics],
    ['agent.http.port', agent?.http?.port],
  ] as const;
  for (const [index, [key, port]] of ports.entries()) {
    const taken = port && ports.slice(0, index).find(([, other]) => other === port);
    if (taken) wrong(key, `is ${port}: must be a port of its own, but ebbtide:${taken[0]} is ${port} too`);
  }
  return problems;
}

/** What is allowed on every cloud and yet worth saying at preview. */
export function sharedWarnings(
  { pool, scaleIn, mediaSecrets, onDestroy, livekitTemplate }: CommonSettings,
  plainSecrets: readonly string[],
): Problem[] {
  const warnings: Problem[] = [];
  for (const key of plainSecrets) {
    warnings.push({
      key,
      says: 'is kept in plain text: set its values with `pulumi config set --secret --path`',
    });
  }
  if (livekitTemplate !== undefined && mediaSecrets.redis === undefined && pool.max > 1) {
    warnings.push({
      key: 'mediaSecrets.redis',
      says: 'is not set: without Redis every node is a media server of its own, and people of one room must reach the same one',
    });
  }
  if (mediaSecrets.redis !== undefined && livekitTemplate?.includes('{{redis}}') === false) {
    warnings.push({
      key: 'media.config',
      says: 'does not name {{redis}}: ebbtide:mediaSecrets.redis reaches no media server. Add "redis: {{redis}}"',
    });
  }
  if (scaleIn.warnAfter > scaleIn.ceiling) {
    warnings.push({
      key: 'scaleIn.warnAfter',
      says: `is ${describeDuration(scaleIn.warnAfter)}, later than ebbtide:scaleIn.ceiling (${describeDuration(scaleIn.ceiling)}): it never comes`,
    });
  }
  if (onDestroy === 'cut') {
    warnings.push({
      key: 'onDestroy',
      says:
        'is "cut": `pulumi destroy` then ends the pool with every call that is on it, without asking. Set it right ' +
        'before a destroy only',
    });
  }
  return warnings;
}

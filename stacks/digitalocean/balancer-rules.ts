import type { Problem } from '../settings-errors.ts';
import type { Account, AccountLoadBalancer } from './account.ts';
import type { DigitalOceanNames } from './names.ts';
import type { DigitalOceanSettings } from './settings.ts';

/** What of `network.balancers` would bring nobody to a droplet, or people to one that takes no more. Pure. */
export function balancerProblems(
  settings: DigitalOceanSettings,
  names: DigitalOceanNames,
  { loadBalancers }: Account,
): Problem[] {
  if (loadBalancers === undefined) return [];
  return settings.network.balancers.flatMap((id, index) => {
    const found = loadBalancers.find((each) => each.id === id);
    const says =
      found === undefined
        ? [`is "${id}": the account has no such load balancer (\`doctl compute load-balancer list\`)`]
        : wrongOf(found, settings, names);
    return says.map((each) => ({ key: `network.balancers[${index}]`, says: each }));
  });
}

function wrongOf(
  { tag, vpc, health, targets }: AccountLoadBalancer,
  { network, media, agent }: DigitalOceanSettings,
  names: DigitalOceanNames,
): string[] {
  const wrong: string[] = [];
  if (tag !== names.tag)
    wrong.push(
      `is for droplets with ${tag === '' ? 'no tag' : `the tag ${tag}`}: it must be for those with ${names.tag}, which droplets of the pool ` +
        `have for as long as they are there (\`doctl compute load-balancer update … --tag-name ${names.tag}\`)`,
    );
  if (network.id !== undefined && vpc !== network.id)
    wrong.push(`is in the VPC ${vpc}: it must be in ebbtide:network.id, which is ${network.id}`);
  const { signal } = media.ports;
  if (!targets.some(({ port, protocol }) => port === signal && ['http', 'tcp'].includes(protocol)))
    wrong.push(`has no rule that forwards to ebbtide:media.ports.signal, which is ${signal}, as http or tcp`);
  const { protocol, port, path } = health;
  if (protocol !== 'http' || port !== agent.http.port || path !== '/healthz')
    wrong.push(
      `asks ${protocol} ${path} on port ${port} how a droplet is: its health check must be http://DROPLET:${agent.http.port}/healthz, which is ` +
        "the agent's, and 200 only while a node takes new work",
    );
  return wrong;
}

import type { Problem } from '../settings-errors.ts';
import type { AzureSettings } from './settings.ts';

/** Of which kind of balancer a backend pool is, by its id. */
export function kindOf(pool: string): 'balancer' | 'gateway' {
  return /\/applicationGateways\//i.test(pool) ? 'gateway' : 'balancer';
}

/** How a balancer brings people to one backend pool, and asks how a node of it is. */
export interface WayToPool {
  location: string;
  /** Of a load balancer: Basic ones are no more. */
  sku: string;
  /** One for each rule. `says`: the name of the rule. */
  rules: { says: string; port: number | undefined; protocol: string; probe: Probe | undefined }[];
}

export interface Probe {
  protocol: string;
  /** undefined: the one to which people are brought. */
  port: number | undefined;
  path: string | undefined;
}

/** What would bring nobody to a node, or people to one that takes no more. Pure. */
export function balancerProblems(
  { location, sku, rules }: WayToPool,
  key: string,
  { media, agent, azureProvider }: AzureSettings,
): Problem[] {
  const problems: Problem[] = [];
  const wrong = (says: string) => problems.push({ key, says });
  if (location !== azureProvider.location)
    wrong(`is in ${location}: it must be in azure-native:location, which is ${azureProvider.location}`);
  if (/^basic/i.test(sku)) wrong(`is of the SKU ${sku}: it must be Standard, as the nodes' addresses are`);
  const { signal } = media.ports;
  const toSignal = rules.filter(
    ({ port, protocol }) => port === signal && /^(tcp|all|http)$/i.test(protocol),
  );
  if (toSignal.length === 0)
    wrong(
      `has no rule that brings people to ebbtide:media.ports.signal, which is ${signal}, as HTTP or TCP without TLS`,
    );
  for (const { says, port, probe } of toSignal) {
    const right =
      probe !== undefined &&
      /^http$/i.test(probe.protocol) &&
      (probe.port ?? port) === agent.http.port &&
      probe.path === '/healthz';
    if (right) continue;
    const now =
      probe === undefined
        ? 'no probe'
        : `${probe.protocol} ${probe.path ?? ''} on port ${probe.port ?? port}`;
    wrong(
      `has the rule ${says} with ${now}: its health probe must be http://NODE:${agent.http.port}/healthz, which is the agent's, and 200 ` +
        'only while a node takes new work',
    );
  }
  return problems;
}

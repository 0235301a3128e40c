import { parse } from 'yaml';
import { describeError } from '../fleet/error.ts';
import type { Problem } from './settings-errors.ts';

/** What a template of the media server may name; the node fills it in when it boots. */
const SAMPLES: Readonly<Record<string, string>> = {
  root: '/sample',
  nodeIp: '192.0.2.1',
  instanceId: 'i-0123456789abcdef0',
  zone: 'sample-1a',
  signalPort: '7880',
  rtcTcpPort: '7881',
  rtcUdpPort: '7882',
  metricsPort: '6789',
  agentPort: '9876',
  keys: '{"sample":"sample"}',
  redis: '{"address":"192.0.2.2:6379"}',
};

const METRICS = 'prometheus:\n  port: {{metricsPort}}\n';
const PLACEHOLDER = /\{\{([^{}]*)\}\}/g;

/** LiveKit's config when the operator gives none. */
function defaultTemplate(hasRedis: boolean): string {
  return `port: {{signalPort}}
rtc:
  tcp_port: {{rtcTcpPort}}
  udp_port: {{rtcUdpPort}}
  use_external_ip: true
${METRICS}keys: {{keys}}
${hasRedis ? 'redis: {{redis}}\n' : ''}`;
}

/**
 * The template that the nodes get. Metrics are always on, at the port where the agent reads them: without them the agent
 * would never know its work, and a node of which nothing is known never leaves.
 */
export function livekitTemplate(
  written: string | undefined,
  has: { keys: boolean; redis: boolean },
): { template: string; problems: Problem[] } {
  const problems: Problem[] = [];
  const wrong = (says: string) => problems.push({ key: 'media.config', says });
  let template = written ?? defaultTemplate(has.redis);

  const names = new Set([...template.matchAll(PLACEHOLDER)].map(([, name]) => name ?? ''));
  for (const name of names) {
    if (SAMPLES[name] !== undefined) continue;
    wrong(`names {{${name}}}, which no node knows; there are ${Object.keys(SAMPLES).join(', ')}`);
  }
  for (const secret of ['keys', 'redis'] as const) {
    if (names.has(secret) && !has[secret]) {
      const what = written === undefined ? 'LiveKit needs it' : `ebbtide:media.config names {{${secret}}}`;
      problems.push({ key: `mediaSecrets.${secret}`, says: `is missing: ${what}` });
    }
  }
  if (problems.length > 0) return { template, problems };

  const config = parseSample(template);
  if (typeof config === 'string') wrong(`is not YAML, once its placeholders are filled in: ${config}`);
  else {
    const metrics = config.prometheus;
    if (metrics === undefined && config.prometheus_port === undefined)
      template = `${template.trimEnd()}\n${METRICS}`;
    else if (!readsMetrics(metrics)) {
      wrong(
        'sets its own prometheus: must be "prometheus: {port: {{metricsPort}}}" without a password, or be left out',
      );
    }
    if (config.keys === undefined && config.key_file === undefined) {
      wrong('has no keys: must have "keys: {{keys}}", which come from ebbtide:mediaSecrets.keys');
    }
  }
  return { template, problems };
}

function readsMetrics(metrics: unknown): boolean {
  if (typeof metrics !== 'object' || metrics === null) return false;
  const block = new Map(Object.entries(metrics));
  return (
    String(block.get('port')) === SAMPLES.metricsPort && !block.has('username') && !block.has('password')
  );
}

/** The config as a node would have it, or what is wrong with its text. */
function parseSample(template: string): Record<string, unknown> | string {
  const filled = template.replaceAll(PLACEHOLDER, (whole, name: string) => SAMPLES[name] ?? whole);
  try {
    const config: unknown = parse(filled);
    if (typeof config === 'object' && config !== null && !Array.isArray(config)) return { ...config };
    return 'it is not a group of keys';
  } catch (cause) {
    return describeError(cause).split('\n')[0] ?? 'unreadable';
  }
}

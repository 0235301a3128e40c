import { parse } from 'yaml';
import { describeError } from '../fleet/error.ts';
import type { RightPart } from './right-part.ts';
import type { Problem } from './settings-errors.ts';
import type { MediaPorts } from './settings-schema.ts';

/** What a template of the media server may name, with values to try it with; the node fills it in when it boots. */
function samplesOf(ports: RightPart<MediaPorts>): Readonly<Record<string, string>> {
  return {
    root: '/sample',
    nodeIp: '192.0.2.1',
    node: 'sample-node',
    instanceId: 'i-0123456789abcdef0',
    zone: 'sample-1a',
    signalPort: String(ports.signal),
    rtcTcpPort: String(ports.rtcTcp),
    rtcUdpPort: String(ports.rtcUdp),
    metricsPort: String(ports.metrics),
    agentPort: '9876',
    keys: '{"sample":"sample"}',
    redis: '{"address":"192.0.2.2:6379"}',
  };
}

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
  ports: RightPart<MediaPorts>,
): { template: string; problems: Problem[]; warnings: Problem[] } {
  const problems: Problem[] = [];
  const samples = samplesOf(ports);
  const wrong = (says: string) => problems.push({ key: 'media.config', says });
  let template = written ?? defaultTemplate(has.redis);

  const names = new Set([...template.matchAll(PLACEHOLDER)].map(([, name]) => name ?? ''));
  for (const name of names) {
    if (samples[name] !== undefined) continue;
    wrong(`names {{${name}}}, which no node knows; there are ${Object.keys(samples).join(', ')}`);
  }
  for (const secret of ['keys', 'redis'] as const) {
    if (names.has(secret) && !has[secret]) {
      const what = written === undefined ? 'LiveKit needs it' : `ebbtide:media.config names {{${secret}}}`;
      problems.push({ key: `mediaSecrets.${secret}`, says: `is missing: ${what}` });
    }
  }
  if (problems.length > 0) return { template, problems, warnings: [] };

  const config = parseSample(template, samples);
  if (typeof config === 'string') wrong(`is not YAML, once its placeholders are filled in: ${config}`);
  else {
    for (const says of wrongPorts(config, ports)) wrong(says);
    const metrics = config.prometheus;
    if (metrics === undefined && config.prometheus_port === undefined)
      template = `${template.trimEnd()}\n${METRICS}`;
    else if (!readsMetrics(metrics, ports)) {
      wrong(
        'sets its own prometheus: must be "prometheus: {port: {{metricsPort}}}" without a password, or be left out',
      );
    }
    if (config.keys === undefined && config.key_file === undefined) {
      wrong('has no keys: must have "keys: {{keys}}", which come from ebbtide:mediaSecrets.keys');
    }
  }
  const warnings = typeof config === 'string' ? [] : closedPorts(config, ports);
  return { template, problems, warnings: warnings.map((says) => ({ key: 'media.config', says })) };
}

/** The firewall opens the ports that the settings name: a server at others would serve nobody. */
function wrongPorts(config: Record<string, unknown>, ports: RightPart<MediaPorts>): string[] {
  const rtc = blockOf(config.rtc);
  const told = [
    { key: 'port', value: config.port, right: ports.signal, setting: 'signal' },
    { key: 'rtc.tcp_port', value: rtc.get('tcp_port'), right: ports.rtcTcp, setting: 'rtcTcp', off: true },
    { key: 'rtc.udp_port', value: rtc.get('udp_port'), right: ports.rtcUdp, setting: 'rtcUdp' },
  ];
  return told.flatMap(({ key, value, right, setting, off = false }) => {
    if (value === undefined || right === undefined || String(value) === String(right) || (off && value === 0))
      return [];
    return [
      `sets ${key} to ${JSON.stringify(value)}: must be {{${setting}Port}}, since the firewall opens ` +
        `ebbtide:media.ports.${setting}, which is ${right}`,
    ];
  });
}

/** What a server may listen at that the settings have no name for. */
function closedPorts(config: Record<string, unknown>, ports: RightPart<MediaPorts>): string[] {
  const rtc = blockOf(config.rtc);
  const closed = 'the firewall does not open those. Add rules of your own for them';
  return [
    ...((rtc.has('port_range_start') || rtc.has('port_range_end')) &&
    `${rtc.get('port_range_start')}-${rtc.get('port_range_end')}` !== ports.rtcUdp
      ? [
          `sets rtc.port_range_start or rtc.port_range_end, which are not ebbtide:media.ports.rtcUdp: ${closed}, or say the same there`,
        ]
      : []),
    ...(blockOf(config.turn).get('enabled') === true
      ? [`switches turn on, with ports of its own: ${closed}`]
      : []),
  ];
}

function readsMetrics(metrics: unknown, ports: RightPart<MediaPorts>): boolean {
  const block = blockOf(metrics);
  return (
    String(block.get('port')) === String(ports.metrics) && !block.has('username') && !block.has('password')
  );
}

function blockOf(value: unknown): Map<string, unknown> {
  return new Map(typeof value === 'object' && value !== null ? Object.entries(value) : []);
}

/** The config as a node would have it, or what is wrong with its text. */
function parseSample(
  template: string,
  samples: Readonly<Record<string, string>>,
): Record<string, unknown> | string {
  const filled = template.replaceAll(PLACEHOLDER, (whole, name: string) => samples[name] ?? whole);
  try {
    const config: unknown = parse(filled);
    if (typeof config === 'object' && config !== null && !Array.isArray(config)) return { ...config };
    return 'it is not a group of keys';
  } catch (cause) {
    return describeError(cause).split('\n')[0] ?? 'unreadable';
  }
}

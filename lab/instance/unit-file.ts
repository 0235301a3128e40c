/** What the lab's supervisor does with a unit. */
export interface UnitFile {
  readonly execStart: readonly string[];
  /** `oneshot`: it is started when its process has ended, and counts as active from there on (RemainAfterExit). */
  readonly type: 'simple' | 'oneshot';
  readonly environment: Readonly<Record<string, string>>;
  readonly restart: 'no' | 'always' | 'on-failure';
  readonly restartMs: number;
  readonly killMode: 'control-group' | 'mixed' | 'process';
  readonly refuseManualStop: boolean;
  /** It starts only while each of these is there, or is not; where one does not hold, a start leaves it at rest. */
  readonly conditions: readonly { readonly path: string; readonly exists: boolean }[];
  /** More starts than `burst` in this time and the unit fails for good; 0 means never. */
  readonly startLimit: { readonly intervalMs: number; readonly burst: number };
  readonly stopTimeoutMs: number;
  readonly runtimeDirectories: readonly string[];
  readonly stateDirectories: readonly string[];
}

const UNDERSTOOD = new Set([
  'Unit.RefuseManualStop',
  'Unit.ConditionPathExists',
  'Unit.StartLimitIntervalSec',
  'Unit.StartLimitBurst',
  'Service.Environment',
  'Service.ExecStart',
  'Service.Type',
  'Service.RemainAfterExit',
  'Service.Restart',
  'Service.RestartSec',
  'Service.KillMode',
  'Service.TimeoutStopSec',
  'Service.RuntimeDirectory',
  'Service.StateDirectory',
]);

/** They change nothing that a rehearsal could see: other users, limits, walls and an orderly shutdown need a real machine. */
const WITHOUT_EFFECT = new Set([
  ...['Description', 'Documentation', 'After', 'Before', 'Wants', 'Requires', 'RefuseManualStart'].map(
    (key) => `Unit.${key}`,
  ),
  ...[
    'User',
    'Group',
    'WorkingDirectory',
    'LimitNOFILE',
    'OOMScoreAdjust',
    'ManagedOOMPreference',
    'NoNewPrivileges',
    'ProtectSystem',
    'ProtectHome',
  ].map((key) => `Service.${key}`),
  ...[
    'PrivateTmp',
    'PrivateDevices',
    'RuntimeDirectoryPreserve',
    'RuntimeDirectoryMode',
    'StateDirectoryMode',
    'UMask',
  ].map((key) => `Service.${key}`),
  ...[
    'Nice',
    'AmbientCapabilities',
    'CapabilityBoundingSet',
    'StandardOutput',
    'StandardError',
    'SyslogIdentifier',
  ].map((key) => `Service.${key}`),
  ...[
    'ExecStop',
    'TimeoutStartSec',
    'TasksMax',
    'MemoryMax',
    'CPUWeight',
    'RestrictAddressFamilies',
    'LockPersonality',
  ].map((key) => `Service.${key}`),
  'Install.WantedBy',
]);

/**
 * Reads a unit file. systemd ignores a key that it does not know; here it is an error, so that a slip of the pen shows
 * in a rehearsal and not in the cloud.
 */
export function parseUnitFile(name: string, text: string): UnitFile {
  const wrong = (says: string) => new Error(`${name}: ${says}`);
  const values = readKeys(text, wrong);
  const last = (key: string) => values.get(key)?.at(-1);

  const execStart = values.get('Service.ExecStart') ?? [];
  if (execStart.length !== 1) throw wrong(`must have one ExecStart, has ${execStart.length}`);
  const type = last('Service.Type') ?? 'simple';
  if (!['simple', 'exec', 'oneshot'].includes(type))
    throw wrong(`Type=${type} is not rehearsed; simple, exec and oneshot are`);
  if (type === 'oneshot' && last('Service.RemainAfterExit') !== 'yes')
    throw wrong('Type=oneshot is rehearsed with RemainAfterExit=yes only');
  const span = (key: string, otherwise: number) => {
    const written = last(key);
    return written === undefined ? otherwise : parseSpan(written, wrong);
  };
  return {
    execStart: splitWords(execStart[0] ?? '', wrong),
    type: type === 'oneshot' ? 'oneshot' : 'simple',
    environment: Object.fromEntries(
      (values.get('Service.Environment') ?? []).flatMap((line) =>
        splitWords(line, wrong).map((pair) => [
          pair.slice(0, pair.indexOf('=')),
          pair.slice(pair.indexOf('=') + 1),
        ]),
      ),
    ),
    restart: oneOf(last('Service.Restart') ?? 'no', ['no', 'always', 'on-failure'], 'Restart', wrong),
    restartMs: span('Service.RestartSec', 100),
    killMode: oneOf(
      last('Service.KillMode') ?? 'control-group',
      ['control-group', 'mixed', 'process'],
      'KillMode',
      wrong,
    ),
    refuseManualStop: ['yes', 'true', 'on', '1'].includes(last('Unit.RefuseManualStop') ?? 'no'),
    conditions: (values.get('Unit.ConditionPathExists') ?? []).map((written) => ({
      path: written.replace(/^!/, ''),
      exists: !written.startsWith('!'),
    })),
    startLimit: {
      intervalMs: span('Unit.StartLimitIntervalSec', 10_000),
      burst: Number(last('Unit.StartLimitBurst') ?? 5),
    },
    stopTimeoutMs: span('Service.TimeoutStopSec', 90_000),
    runtimeDirectories: (last('Service.RuntimeDirectory') ?? '').split(' ').filter(Boolean),
    stateDirectories: (last('Service.StateDirectory') ?? '').split(' ').filter(Boolean),
  };
}

type Wrong = (says: string) => Error;

function readKeys(text: string, wrong: Wrong): Map<string, string[]> {
  const values = new Map<string, string[]>();
  let section = '';
  for (const raw of text.replaceAll(/\\\n/g, ' ').split('\n')) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue;
    const header = /^\[(\w+)\]$/.exec(line)?.[1];
    if (header !== undefined) {
      section = header;
      continue;
    }
    const at = line.indexOf('=');
    const key = `${section}.${line.slice(0, at).trim()}`;
    if (at < 1 || !(UNDERSTOOD.has(key) || WITHOUT_EFFECT.has(key))) {
      throw wrong(`"${line}" in [${section}] is nothing that the lab knows`);
    }
    values.set(key, [...(values.get(key) ?? []), line.slice(at + 1).trim()]);
  }
  return values;
}

function oneOf<const T extends string>(written: string, allowed: readonly T[], key: string, wrong: Wrong): T {
  const found = allowed.find((each) => each === written);
  if (found === undefined) throw wrong(`${key}=${written} is not rehearsed; ${allowed.join(', ')} are`);
  return found;
}

function splitWords(line: string, wrong: Wrong): string[] {
  if (/%[^%]/.test(line)) throw wrong(`"${line}" has a % specifier, which is not rehearsed`);
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare ?? '',
  );
}

const UNIT_MS: Readonly<Record<string, number>> = {
  '': 1000,
  ms: 1,
  s: 1000,
  sec: 1000,
  min: 60_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

function parseSpan(written: string, wrong: Wrong): number {
  if (written === 'infinity') return Number.POSITIVE_INFINITY;
  const parts = [...written.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]*)\s*/g)];
  if (parts.map(([part]) => part).join('') !== written) throw wrong(`"${written}" is no time span`);
  return parts.reduce((sum, [, amount, unit = '']) => {
    const ms = UNIT_MS[unit];
    if (ms === undefined) throw wrong(`"${written}" is no time span`);
    return sum + Number(amount) * ms;
  }, 0);
}

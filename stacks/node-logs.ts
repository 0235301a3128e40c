import type { NodeFile } from './node-file.ts';
import type { LogSettings } from './settings-schema.ts';

export const LOGS_UNIT = 'ebbtide-logs.service';
const CONFIG = '/etc/ebbtide/rsyslog.conf';
const STATE = 'ebbtide-logs';
/** What was not sent yet; the oldest of it goes when there is no more room. */
const UNSENT = '256m';

/** How a node keeps its log, and where it sends it. Whatever runs there logs to the journal, containers too. */
export function logFiles({ keep, to }: LogSettings): NodeFile[] {
  const journal = {
    path: '/etc/systemd/journald.conf.d/ebbtide.conf',
    // Across reboots, and never more than that: the oldest goes first.
    content: `[Journal]\nStorage=persistent\nSystemMaxUse=${keep}\n`,
  };
  if (to === undefined) return [journal];
  return [journal, { path: CONFIG, content: rsyslogConfig(to) }, logsUnit];
}

/** Debian's own service of that program would write every line a second time, to files. It is masked. */
const logsUnit: NodeFile = {
  path: `/etc/systemd/system/${LOGS_UNIT}`,
  content: `[Unit]
Description=Sends the journal to where its operator reads it
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
ExecStart=/usr/sbin/rsyslogd -n -iNONE -f ${CONFIG}
Restart=always
RestartSec=10
StateDirectory=${STATE}
NoNewPrivileges=yes
ProtectSystem=full
ProtectHome=yes
PrivateTmp=yes

[Install]
WantedBy=multi-user.target
`,
};

/** It goes on where it was, by a cursor in the journal; what cannot be sent waits on disk. */
function rsyslogConfig({ protocol, host, port }: NonNullable<LogSettings['to']>): string {
  return `global(
  workDirectory="/var/lib/${STATE}"
  maxMessageSize="64k"
${protocol === 'tls' ? TLS : ''})
module(load="imjournal" stateFile="journal" ratelimit.interval="0" persistStateInterval="100")
action(
  type="omfwd" target="${host}" port="${port}" protocol="tcp" tcp_framing="octet-counted"
  template="RSYSLOG_SyslogProtocol23Format"
${protocol === 'tls' ? tlsTo(host) : ''}  action.resumeRetryCount="-1" action.resumeInterval="10" action.resumeIntervalMax="60"
  queue.type="LinkedList" queue.filename="unsent" queue.maxDiskSpace="${UNSENT}" queue.saveOnShutdown="on"
)
`;
}

const TLS = `  defaultNetstreamDriver="ossl"
  defaultNetstreamDriverCAFile="/etc/ssl/certs/ca-certificates.crt"
`;

function tlsTo(host: string): string {
  return `  streamDriver="ossl" streamDriverMode="1" streamDriverAuthMode="x509/name" streamDriverPermittedPeers="${host}"\n`;
}

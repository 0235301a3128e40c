import type { NodeFile } from './node-file.ts';
import type { LogSettings } from './settings-schema.ts';

/** By which rsyslogd speaks TLS. */
export const TLS_MODULE = 'lmnsd_ossl.so';
export const LOGS_UNIT = 'ebbtide-logs.service';
const CONFIG = '/etc/ebbtide/rsyslog.conf';
const STATE = 'ebbtide-logs';

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

/** Debian's own service of that program would write every line a second time, to files. It is masked, and stopped. */
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
# While the receiver is out it hears nobody for up to a minute, and no machine is to wait for that at its end.
TimeoutStopSec=5
StateDirectory=${STATE}
NoNewPrivileges=yes
ProtectSystem=full
ProtectHome=yes
PrivateTmp=yes

[Install]
WantedBy=multi-user.target
`,
};

/**
 * Without any queue: what cannot be sent waits in the journal, which is on disk and bounded, and one thread both reads and
 * sends. What rsyslogd keeps on disk itself it may forget at a stop, or leave there; and with a second thread Debian's crashes
 * where it refuses a certificate (rsyslog/rsyslog#6375). It goes on where it was by a cursor, which is kept each ten lines:
 * after a crash as many may come twice.
 */
function rsyslogConfig({ protocol, host, port }: NonNullable<LogSettings['to']>): string {
  return `global(
  workDirectory="/var/lib/${STATE}"
  maxMessageSize="64k"
${protocol === 'tls' ? TLS : ''})
module(load="imjournal" stateFile="journal" ratelimit.interval="0" persistStateInterval="10")
main_queue(queue.type="Direct")
action(
  type="omfwd" target="${host}" port="${port}" protocol="tcp" tcp_framing="octet-counted"
  template="RSYSLOG_SyslogProtocol23Format"
${protocol === 'tls' ? tlsTo(host) : ''}  action.resumeRetryCount="-1" action.resumeInterval="10" action.resumeIntervalMax="60"
)
`;
}

const TLS = `  defaultNetstreamDriver="ossl"
  defaultNetstreamDriverCAFile="/etc/ssl/certs/ca-certificates.crt"
`;

function tlsTo(host: string): string {
  return `  streamDriver="ossl" streamDriverMode="1" streamDriverAuthMode="x509/name" streamDriverPermittedPeers="${host}"\n`;
}

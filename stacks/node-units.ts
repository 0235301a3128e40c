import type { NodeFile } from './node-file.ts';
import type { MediaPorts } from './settings-schema.ts';

/** The systemd units of a node, as templates for the boot program. */

export const AGENT_UNIT = 'ebbtide-agent.service';
export const LIVEKIT_UNIT = 'livekit.service';
export const TEMPLATES = '/etc/ebbtide/templates';

/** Killed or stopped, the agent takes nothing with it; started again, it goes on where it was. */
export const agentUnit: NodeFile = {
  path: `${TEMPLATES}/${AGENT_UNIT}`,
  content: `[Unit]
Description=Ebbtide agent
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
ExecStart=/usr/bin/env node {{root}}/opt/ebbtide/ebbtide-agent.cjs run --config {{root}}/etc/ebbtide/agent.json
Restart=always
RestartSec=1
KillMode=process
RuntimeDirectory=ebbtide
RuntimeDirectoryPreserve=yes
StateDirectory=ebbtide
OOMScoreAdjust=-900

[Install]
WantedBy=multi-user.target
`,
};

/** Below it, a user who is not root needs a right of its own to listen. */
const FIRST_FREE_PORT = 1024;

/**
 * A second signal would end every call: a manual stop is refused. A reboot or poweroff that gets past the agent's
 * inhibitor stops it nevertheless, and waits for the calls for 30 minutes at most: after that systemd's own
 * reboot.target and poweroff.target force it (JobTimeoutSec). A server that has drained exits with 0 and is not started
 * again.
 */
export function livekitUnit(ports: MediaPorts): NodeFile {
  const listensAt = Object.values(ports).map((port) => Number.parseInt(String(port), 10));
  const rights = listensAt.some((port) => port < FIRST_FREE_PORT)
    ? 'AmbientCapabilities=CAP_NET_BIND_SERVICE\n'
    : '';
  return { path: `${TEMPLATES}/${LIVEKIT_UNIT}`, content: livekitUnitText(rights) };
}

function livekitUnitText(rights: string): string {
  return `[Unit]
Description=LiveKit media server
Wants=network-online.target
After=network-online.target
RefuseManualStop=yes
StartLimitIntervalSec=60
StartLimitBurst=5

[Service]
User=ebbtide-media
ExecStart={{root}}/opt/ebbtide/media/livekit-server --config {{root}}/etc/ebbtide/media/livekit.yaml
Restart=on-failure
RestartSec=2
KillMode=mixed
TimeoutStopSec=infinity
LimitNOFILE=524288
${rights}NoNewPrivileges=yes
ProtectSystem=full
ProtectHome=yes
PrivateTmp=yes

[Install]
WantedBy=multi-user.target
`;
}

/** Upgrades restart services whose libraries changed; this one they leave alone. */
export const needrestartOverride: NodeFile = {
  path: `${TEMPLATES}/needrestart.conf`,
  content: '$nrconf{override_rc}{qr(^livekit\\.service$)} = 0;\n',
};

import { leavingMark } from '../fleet/leaving-mark.ts';
import { FIRST_FREE_PORT } from './media-settings.ts';
import type { NodeFile } from './node-file.ts';
import type { MediaPorts } from './settings-schema.ts';

/** The systemd units of a node, as templates for the boot program. */

export const AGENT_UNIT = 'ebbtide-agent.service';
export const LIVEKIT_UNIT = 'livekit.service';
export const SETUP_UNIT = 'ebbtide-setup.service';
export const TEMPLATES = '/etc/ebbtide/templates';

/**
 * A node that is to go must not take calls again, whoever starts its media: systemd at a reboot or after a crash, or a boot
 * program that comes late.
 */
const UNLESS_LEAVING = `ConditionPathExists=!{{root}}/var/lib/ebbtide/${leavingMark('{{node}}')}`;

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
ManagedOOMPreference=omit

[Install]
WantedBy=multi-user.target
`,
};

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
${UNLESS_LEAVING}
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
ManagedOOMPreference=omit
LimitNOFILE=524288
${rights}NoNewPrivileges=yes
ProtectSystem=full
ProtectHome=yes
PrivateTmp=yes

[Install]
WantedBy=multi-user.target
`;
}

/**
 * LiveKit in a container: this unit makes it, and starts it at each boot of the machine, but for one that was drained.
 * The engine's own restarts are for crashes only.
 *
 * Docker ends no container when it is stopped or upgraded (`live-restore`, see `dockerDaemon`), so `docker.service` may
 * be stopped as ever: to refuse it would only keep its security updates away. What that leaves is a shutdown of the
 * machine: past the agent's inhibitor it waits here for the container to end, for the 30 minutes of systemd's own
 * reboot.target and poweroff.target at most, with Docker and the network still up. It sends no signal, which could be the
 * second one. Nothing holds off a person's `docker stop` or `docker kill`.
 */
export const livekitContainerUnit: NodeFile = {
  path: `${TEMPLATES}/${LIVEKIT_UNIT}`,
  content: `[Unit]
Description=LiveKit media server, in a container
Wants=network-online.target docker.service
After=network-online.target docker.service
${UNLESS_LEAVING}
RefuseManualStop=yes

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/bin/env node {{root}}/opt/ebbtide/ebbtide-agent.cjs create-media --config {{root}}/etc/ebbtide/container.json
ExecStop=/usr/bin/env node {{root}}/opt/ebbtide/ebbtide-agent.cjs await-media --config {{root}}/etc/ebbtide/container.json
TimeoutStartSec=infinity
TimeoutStopSec=infinity

[Install]
WantedBy=multi-user.target
`,
};

/**
 * Containers outlive the daemon: an upgrade restarts it. It must come back soon, since what they write waits in a pipe
 * meanwhile, and a full one halts them. An image may bring a file of its own, which is left as it is.
 */
export const dockerDaemon: NodeFile = {
  path: `${TEMPLATES}/docker.json`,
  content: '{"live-restore": true, "log-driver": "journald"}\n',
};

/**
 * The operator's own script: until it has ended well once. A unit that it makes refuses a manual stop from then on, and not
 * before: the script itself may have to start it again.
 */
export function setupUnit(unit: string | undefined): NodeFile {
  const file = `{{root}}/etc/systemd/system/${unit}.d/ebbtide-refuse.conf`;
  const refuses = `ExecStartPost=/usr/bin/install -D -m 0644 {{root}}${REFUSES} ${file}
ExecStartPost=/usr/bin/systemctl daemon-reload
`;
  return { path: `${TEMPLATES}/${SETUP_UNIT}`, content: setupUnitText(unit === undefined ? '' : refuses) };
}

/** Where the boot program puts what such a unit gets. */
export const REFUSES = '/etc/ebbtide/refuse-stop.conf';

export const refuseStop: NodeFile = {
  path: `${TEMPLATES}/refuse-stop.conf`,
  content: '[Unit]\nRefuseManualStop=yes\n',
};

function setupUnitText(afterwards: string): string {
  return `[Unit]
Description=The media server's setup, the operator's own script
Wants=network-online.target
After=network-online.target
ConditionPathExists=!{{root}}/var/lib/ebbtide/setup-done
${UNLESS_LEAVING}

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart={{root}}/opt/ebbtide/media/setup
${afterwards}ExecStartPost=/usr/bin/touch {{root}}/var/lib/ebbtide/setup-done
TimeoutStartSec=infinity

[Install]
WantedBy=multi-user.target
`;
}

/** The same for a unit that is not ours. */
export const unlessLeaving: NodeFile = {
  path: `${TEMPLATES}/unless-leaving.conf`,
  content: `[Unit]\n${UNLESS_LEAVING}\n`,
};

/** Upgrades restart services whose libraries changed; these they leave alone. */
export function needrestartOverride(units: readonly string[]): NodeFile {
  const lines = units.map((unit) => `$nrconf{override_rc}{qr(^${unit.replaceAll('.', '\\.')}$)} = 0;\n`);
  return { path: `${TEMPLATES}/needrestart.conf`, content: lines.join('') };
}

/** A machine is replaced for what an upgrade needs a reboot for: by itself it never reboots, whatever its image says. */
export const noReboot: NodeFile = {
  path: `${TEMPLATES}/apt.conf`,
  content: 'Unattended-Upgrade::Automatic-Reboot "false";\n',
};

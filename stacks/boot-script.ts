import { LOGS_UNIT, TLS_MODULE } from './node-logs.ts';
import { AGENT_UNIT, dockerDaemon } from './node-units.ts';

export interface BootScriptArgs {
  imageHasSoftware: boolean;
  /** The media server is a container of the distribution's Docker. */
  hasDocker: boolean;
  /** The image brings the media server in containers: it is to have an engine. */
  imageHasEngine?: boolean;
  /** The journal goes elsewhere too: how. */
  sendsLogs?: 'tcp' | 'tls' | undefined;
  /** What brings the media server. Without it the image has brought it already. */
  mediaUnit: string | undefined;
}

/** For how long a node without an agent tries to get one. */
export interface BootPatience {
  tryForSeconds: number;
  waitSeconds: number;
}

const PATIENCE: BootPatience = { tryForSeconds: 600, waitSeconds: 15 };
const UNITS = '$ROOT/etc/systemd/system';

/**
 * The one command of user-data. Every path hangs on one root variable, so that a rehearsal runs this very script in a
 * folder. A second run changes nothing that is in place.
 *
 * A node that gets no agent has nobody who answers the cloud, which would keep it for as long as hooks and retention
 * allow. It switches itself off instead, and the launch template makes an end of that. This is safe since the media
 * server is installed after the agent only: where its unit is missing, no call has ever been. With a server that the
 * image brings, calls may be there before the agent is: such a node stays as it is. An ordinary poweroff of a node that
 * serves ends it too; the agent's shutdown inhibitor and RefuseManualStop guard that.
 */
export function bootScript(args: BootScriptArgs, patience: BootPatience = PATIENCE): string {
  const { imageHasSoftware, hasDocker, imageHasEngine = false, sendsLogs, mediaUnit } = args;
  const trusts = hasDocker || sendsLogs === 'tls';
  const software = [
    NODE,
    ...(hasDocker ? [DOCKER] : []),
    ...(sendsLogs === undefined ? [] : [SYSLOG]),
    ...(sendsLogs === 'tls' ? [SYSLOG_TLS] : []),
    ...(trusts ? [CERTIFICATES] : []),
  ];
  const wanted = imageHasEngine ? [...software, ENGINE, ...(trusts ? [] : [CERTIFICATES])] : software;
  return `#!/bin/bash
set -uo pipefail
ROOT="\${EBBTIDE_ROOT:-}"

make_node() (
set -e
${hasDocker ? CONFIGURE_DOCKER : ''}${sendsLogs === undefined ? '' : MASK_SYSLOG}${imageHasSoftware ? checks(wanted) : installation(software)}
mkdir -p "$ROOT/opt/ebbtide/media" "$ROOT/etc/ebbtide/media" "$ROOT/etc/systemd/system" \\
  "$ROOT/etc/needrestart/conf.d" "$ROOT/usr/local/bin" "$ROOT/var/lib/ebbtide" "$ROOT/run/ebbtide"
# What a person on the node types.
ln -sf "$ROOT/opt/ebbtide/ebbtide-agent.cjs" "$ROOT/usr/local/bin/ebbtide-agent"

# The media server runs as a user of its own, who may read its config and nothing else of ours.
# A folder that stands in for a machine has no accounts.
if [ -z "$ROOT" ]; then
  id -u ebbtide-media >/dev/null 2>&1 || useradd --system --no-create-home --shell /usr/sbin/nologin ebbtide-media
  chgrp ebbtide-media /etc/ebbtide/media
  chmod 2750 /etc/ebbtide/media
  # A folder has no journal either. Whatever becomes of logs, the node serves.
  systemctl restart systemd-journald.service || :
${sendsLogs === undefined ? '' : START_LOGS}fi

node "$ROOT/opt/ebbtide/boot.cjs"
)

while :; do
  # Not in a condition: there, bash would go on after what fails in it.
  make_node
  code=$?
  [ "$code" -ne 0 ] || exit 0
  # The agent runs and answers the cloud, whatever failed after it; 3 says that it does not.
  if [ "$code" -ne 3 ] && [ -e "${UNITS}/${AGENT_UNIT}" ]; then exit "$code"; fi
${mediaUnit === undefined ? '' : exitWhereMade(mediaUnit)}  [ "$SECONDS" -lt ${patience.tryForSeconds} ] || break
  echo "ebbtide: no agent has started ($code): trying again in ${patience.waitSeconds} s" >&2
  sleep ${patience.waitSeconds}
done
${mediaUnit === undefined ? STAY : END}exit "$code"
`;
}

/** A node that has been made before may have calls. */
function exitWhereMade(mediaUnit: string): string {
  return `  if [ -e "${UNITS}/${mediaUnit}" ]; then exit "$code"; fi\n`;
}

const END = `echo "ebbtide: no agent has started ($code), and no call has ever been here: the machine ends itself" >&2
systemctl poweroff
`;

const STAY = `echo "ebbtide: no agent has started ($code), and the image's media server may have calls: the machine stays" >&2
`;

interface Software {
  /** A condition of bash. */
  isThere: string;
  lacks: string;
  packages: string;
}

const NODE: Software = { isThere: inPath('node'), lacks: 'node is missing', packages: 'nodejs' };
/** Docker's client is not needed. */
const DOCKER: Software = { isThere: inPath('dockerd'), lacks: 'dockerd is missing', packages: 'docker.io' };

/** Whatever the agent can ask: Docker, or podman where it answers in Docker's place. */
const ENGINE: Software = {
  isThere: `{ ${inPath('dockerd')} || { ${inPath('podman')} && [ -e "$ROOT/run/docker.sock" ]; }; }`,
  lacks: 'dockerd is missing, and no podman answers at /run/docker.sock',
  packages: 'docker.io, or podman-docker with podman.socket enabled,',
};

const CERTIFICATES: Software = {
  isThere: '[ -e "$ROOT/etc/ssl/certs/ca-certificates.crt" ]',
  lacks: 'there are no certificates to trust a registry or a receiver of logs by',
  packages: 'ca-certificates',
};

const SYSLOG: Software = { isThere: inPath('rsyslogd'), lacks: 'rsyslogd is missing', packages: 'rsyslog' };
const SYSLOG_TLS: Software = {
  isThere: `compgen -G "$ROOT/usr/lib/*/rsyslog/${TLS_MODULE}" >/dev/null`,
  lacks: `rsyslogd's TLS (${TLS_MODULE}) is missing`,
  packages: 'rsyslog-openssl',
};

function inPath(program: string): string {
  return `command -v ${program} >/dev/null 2>&1`;
}

/** Before it is installed, which would start it. */
const MASK_SYSLOG = `mkdir -p "${UNITS}"
ln -sf /dev/null "${UNITS}/rsyslog.service"
`;

/** A mask stops nothing that runs already, as in an image that has it: until a reboot each line would be taken twice. */
const START_LOGS = `  systemctl daemon-reload || :
  systemctl stop syslog.socket rsyslog.service || :
  systemctl enable --now ${LOGS_UNIT} || :
`;

function installation(software: readonly Software[]): string {
  const looks = software.map(({ isThere, packages }) => `${isThere} || missing="$missing ${packages}"`);
  return `export DEBIAN_FRONTEND=noninteractive
missing=
${looks.join('\n')}
if [ -n "$missing" ]; then
  # A new machine's own upgrades may hold the lock.
  apt-get -o DPkg::Lock::Timeout=300 update
  apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends $missing
fi
`;
}

/** Everything that is missing is told at once: whoever makes images makes one more, and not one for each thing. */
function checks(software: readonly Software[]): string {
  const problems = [
    ...software.map(
      ({ isThere, lacks, packages }) => `${isThere} || lacks "${lacks}: install ${packages} in it"`,
    ),
    `case "$(node --version 2>/dev/null)" in
  v?.* | v1[0-7].*) lacks "node is $(node --version): ${OLDEST_NODE} is the oldest that will do" ;;
esac`,
  ];
  return `lacking=0
lacks() {
  echo "ebbtide: the image is said to have the software (pool.imageHasSoftware), but $1" >&2
  lacking=1
}
${problems.join('\n')}
[ "$lacking" -eq 0 ] || exit 1
`;
}

/** What the agent's bundle is made for. */
const OLDEST_NODE = 18;

/** Before the daemon's first start, or by another one while no container of ours is there yet. */
const CONFIGURE_DOCKER = `if [ ! -e "$ROOT/etc/docker/daemon.json" ]; then
  mkdir -p "$ROOT/etc/docker"
  cp "$ROOT${dockerDaemon.path}" "$ROOT/etc/docker/daemon.json"
  if command -v dockerd >/dev/null 2>&1; then systemctl restart docker.service; fi
fi
`;

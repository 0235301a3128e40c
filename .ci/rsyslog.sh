#!/bin/bash
# What only CI must have: rsyslogd, which sends the logs of nodes, its TLS by OpenSSL, and systemd's journal, which it
# reads. The tests start them themselves, each with settings and folders of its own. Prints what it does, and as its last
# line the way to rsyslogd.
set -euo pipefail

cd "$(dirname "$0")/.."
. .ci/shared.sh

# It takes its modules from where its distribution has put them, and tells that nowhere.
find_tls() { find /usr/lib /usr/lib64 -name lmnsd_ossl.so -path '*/rsyslog/*' -print -quit 2>/dev/null || :; }
# In no PATH of a person's.
find_rsyslogd() { PATH="$PATH:/usr/sbin:/sbin" command -v rsyslogd; }

if ! find_rsyslogd >/dev/null || [ -z "$(find_tls)" ]; then apt_install rsyslog rsyslog-openssl; fi
SERVER="$(find_rsyslogd)" || fail "rsyslog is installed, and there is no rsyslogd in PATH or /usr/sbin"
TLS="$(find_tls)"
[ -n "$TLS" ] || fail "rsyslog-openssl is installed, and its lmnsd_ossl.so is nowhere under /usr/lib"
[ -x /lib/systemd/systemd-journald ] || apt_install systemd
echo "rsyslogd is there: $("$SERVER" -v | head -n 1), with $TLS" >&2

echo "$SERVER"

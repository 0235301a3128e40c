import { findProgram } from '../../lab/instance/tools.ts';

/** rsyslogd: `EBBTIDE_RSYSLOGD`, or `rsyslogd` in PATH. */
export function findRsyslogd(): string | undefined {
  return process.env.EBBTIDE_RSYSLOGD ?? findProgram('rsyslogd');
}

export const RSYSLOGD_IS_MISSING = 'no rsyslogd: EBBTIDE_RSYSLOGD, or rsyslogd in PATH; see .ci/rsyslog.sh';

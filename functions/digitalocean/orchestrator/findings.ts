import type { OrchestratorSettings } from '../../../fleet/digitalocean-function-settings.ts';
import { describeDuration } from '../../../fleet/duration.ts';
import type { Growth } from '../../level-triggered/growth.ts';
import type { SeenMachine } from '../../level-triggered/world.ts';
import type { Finding } from '../../watch/finding.ts';
import { type DropletMachine, SHARED_NAME } from './machines.ts';
import type { OrchestratorWorld } from './world.ts';

type Seen = SeenMachine<DropletMachine>;

/** What an operator should know that is DigitalOcean's alone. */
export function findingsOfDroplets(
  machines: readonly Seen[],
  late: readonly Seen[],
  { short }: Growth,
  { turn, nursery, account }: OrchestratorWorld,
  { bootTimeoutMs }: OrchestratorSettings,
): Finding[] {
  const findings: Finding[] = [];
  if (turn.kind === 'unknown')
    findings.push({
      level: 'error',
      name: 'turn-unknown',
      text: `${turn.reason}: nobody is decided or made`,
    });
  if (nursery.kind !== 'known') {
    const text = `which droplets were made is not known: ${nursery.reason}: none is made`;
    findings.push({ level: 'error', name: `births-${nursery.kind}`, text });
  }
  if (short > 0) {
    const text = `the account has no room for ${short} droplets more, which the pool needs: ask DigitalOcean for a higher limit`;
    findings.push({ level: 'warn', name: 'cannot-grow', text });
  }
  if (account.kind === 'unknown')
    findings.push({ level: 'warn', name: 'account-unknown', text: account.reason });
  for (const { node, ageMs } of late) {
    const text = `made ${describeDuration(ageMs)} ago, and has never said a word (${describeDuration(bootTimeoutMs)} at most): it is replaced`;
    findings.push({ level: 'warn', name: 'never-came-up', node, text });
  }
  return [...findings, ...machines.flatMap(whatOfDroplet)];
}

function whatOfDroplet({ node, state, reading, decided }: Seen): Finding[] {
  const findings: Finding[] = [];
  if (state.endsWith(SHARED_NAME)) {
    const text = `two droplets have this name, of which one at least is not of this pool's making: delete that`;
    findings.push({ level: 'warn', name: 'name-shared', node, text });
  }
  if (reading.kind !== 'fresh') return findings;
  const { signature, status } = reading;
  if (signature === 'wrong') {
    const text = `its status says ${status.phase}, and is not signed by it: somebody else writes in its name`;
    findings.push({ level: 'warn', name: 'forged-status', node, text });
  }
  if (signature === 'outdated' && decided.kind === 'decided') {
    const text = `it says ${status.phase}, signed as of ${status.at}, and is not believed: its clock is off, or somebody repeats its words: set its clock, or look and delete it yourself`;
    findings.push({ level: 'warn', name: 'outdated-status', node, text });
  }
  const saysEmpty = status.phase === 'empty' || status.phase === 'leaving';
  if (signature === 'none' && saysEmpty && decided.kind === 'decided') {
    const text = `it says ${status.phase} without a signature, and is not believed: look, and delete it yourself`;
    findings.push({ level: 'warn', name: 'unsigned-status', node, text });
  }
  return findings;
}

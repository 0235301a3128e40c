import { type DropletMachine, SHARED_NAME } from '../../../fleet/digitalocean/pool-machines.ts';
import type { OrchestratorSettings } from '../../../fleet/digitalocean-function-settings.ts';
import { describeDuration } from '../../../fleet/duration.ts';
import type { Growth } from '../../level-triggered/growth.ts';
import type { SeenMachine } from '../../level-triggered/world.ts';
import type { Finding } from '../../watch/finding.ts';
import type { OrchestratorWorld } from './world.ts';

type Seen = SeenMachine<DropletMachine>;

/** What an operator should know that is DigitalOcean's alone. */
export function findingsOfDroplets({
  machines,
  silent,
  stuck,
  growth,
  world,
  settings,
}: {
  machines: readonly Seen[];
  silent: readonly Seen[];
  stuck: readonly Seen[];
  growth: Growth;
  world: OrchestratorWorld;
  settings: OrchestratorSettings;
}): Finding[] {
  const { turn, nursery, account, announced } = world;
  const { bootTimeoutMs, max, maxDrains } = settings;
  const { short, crowded } = growth;
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
  if (announced.kind === 'unknown') {
    const text = `who has announced itself is not known: ${announced.reason}: nobody is taken for never having come up`;
    findings.push({ level: 'warn', name: 'announced-unknown', text });
  }
  if (crowded > 0) {
    const text = `${crowded} droplets more are needed, and there are ${machines.length} with those that drain, are off or are silent: at most ${max + maxDrains} are paid for; delete what nobody needs`;
    findings.push({ level: 'warn', name: 'cannot-grow', text });
  }
  if (short > 0) {
    const text = `the account has no room for ${short} droplets more, which the pool needs: ask DigitalOcean for a higher limit`;
    findings.push({ level: 'warn', name: 'cannot-grow', text });
  }
  if (account.kind === 'unknown')
    findings.push({ level: 'warn', name: 'account-unknown', text: account.reason });
  const fate = settings.mayServeUnheard
    ? 'its image may serve all the same, and it is left to you'
    : 'it is replaced';
  for (const { node, ageMs } of silent) {
    const text = `made ${describeDuration(ageMs)} ago, and has never said a word (${describeDuration(bootTimeoutMs)} at most): ${fate}`;
    findings.push({ level: 'warn', name: 'never-came-up', node, text });
  }
  for (const { node, ageMs } of stuck) {
    const text = `made ${describeDuration(ageMs)} ago, and has never served (${describeDuration(2 * bootTimeoutMs)} at most): it drains, and is replaced`;
    findings.push({ level: 'warn', name: 'never-came-up', node, text });
  }
  return [...findings, ...machines.flatMap(whatOfDroplet)];
}

function whatOfDroplet({ node, state, reading, untagged, decided }: Seen): Finding[] {
  const findings: Finding[] = [];
  if (state.endsWith(SHARED_NAME)) {
    const text = `two droplets have this name, of which one at least is not of this pool's making: delete that`;
    findings.push({ level: 'warn', name: 'name-shared', node, text });
  }
  if (untagged && reading.kind === 'fresh') {
    const text = `it serves without the pool's tag, and so without its firewall: it is given the tag again`;
    findings.push({ level: 'warn', name: 'tag-lost', node, text });
  }
  if (reading.kind === 'fresh' && reading.signature === 'outdated' && decided.kind === 'decided') {
    const { phase, at } = reading.status;
    const text = `it says ${phase}, signed as of ${at}, and is not believed: its clock is off, or somebody repeats its words: set its clock, or look and delete it yourself`;
    findings.push({ level: 'warn', name: 'outdated-status', node, text });
  }
  if (reading.kind !== 'unreadable') return findings;
  if (reading.signature === 'wrong') {
    const text = `its status is not signed by it, and not believed: somebody else writes in its name`;
    findings.push({ level: 'warn', name: 'forged-status', node, text });
  }
  if (reading.signature === 'none') {
    const text = `its status has no signature, and is not believed: look what writes there`;
    findings.push({ level: 'warn', name: 'unsigned-status', node, text });
  }
  return findings;
}

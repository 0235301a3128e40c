import { describeReading } from '../../fleet/node-reading.ts';
import { type Finding, whatOfNode, whatOfRegistry, whatOfSilence } from '../watch/finding.ts';
import type { Recalled } from './memory.ts';
import { isLeftToPeople } from './removal.ts';
import type { PoolRules, PoolWorld, SeenMachine } from './world.ts';

/** What an operator should know of this run. `machines`: undefined where they could not be read. */
export function findingsOf(
  world: PoolWorld,
  machines: readonly SeenMachine[] | undefined,
  recalled: Recalled,
  rules: PoolRules,
): Finding[] {
  return [
    ...troubles(world, recalled),
    ...(machines ?? []).flatMap((machine) => [
      ...whatOfMachine(machine, world),
      ...whatOfNode(machine.node, machine.reading, world.now, rules.warnAfterMs),
    ]),
  ];
}

function troubles({ machines, recommendation, fleet, decisions }: PoolWorld, recalled: Recalled): Finding[] {
  const findings: Finding[] = [];
  if (machines.kind === 'unknown')
    findings.push({ level: 'error', name: 'machines-unknown', text: machines.reason });
  if (recommendation.kind === 'unknown') {
    const level = recommendation.unread ? 'error' : 'warn';
    const text = `${recommendation.reason}: nobody is decided`;
    findings.push({ level, name: 'recommendation-unknown', text });
  }
  findings.push(...whatOfRegistry(fleet));
  if (!decisions.complete) {
    const text = `the decisions were not read to their end: ${decisions.problem ?? 'unknown cause'}`;
    findings.push({ level: 'error', name: 'decisions-unknown', text });
  }
  if (recalled.kind !== 'known') {
    const what = recalled.kind === 'unknown' ? 'nobody is decided until it can be read' : 'it is begun anew';
    findings.push({ level: 'error', name: `memory-${recalled.kind}`, text: `${recalled.reason}: ${what}` });
  }
  return findings;
}

function whatOfMachine(machine: SeenMachine, { decisions }: PoolWorld): Finding[] {
  const { node, place, state, decided, reading } = machine;
  const findings: Finding[] = [];
  // That the list was not read to its end is told once, above.
  if (decided.kind === 'unknown' && decisions.decisions.has(node))
    findings.push({ level: 'warn', name: 'decision-unknown', node, text: decided.reason });
  switch (place) {
    case 'in-group':
    case 'leaving-group':
      findings.push(...whatOfSilence(node, state, reading));
      break;
    case 'outside':
      findings.push(...whatOfSilence(node, `outside of its group, ${state}`, reading));
      if (isLeftToPeople(machine))
        findings.push({ level: 'warn', name: 'outside-protected', node, text: keptText(machine) });
      break;
    case 'stopped':
      if (isLeftToPeople(machine))
        findings.push({ level: 'warn', name: 'outside-stopped', node, text: keptText(machine) });
      break;
    case 'unsettled':
    case 'paused':
    case 'ending':
      break;
  }
  return findings;
}

function keptText({ state, reading }: SeenMachine): string {
  return `outside of its group and kept, ${state}: ${describeReading(reading)}; end it yourself once nobody needs it`;
}

import type { Log } from './ports.ts';

/**
 * One event a line, as JSON, on standard output. `decisionNow`: the id of the decision under which this node stands; every
 * line has it, so that whoever reads them elsewhere finds all that one decision has led to.
 */
export function createLog(
  decisionNow: () => string | undefined = () => undefined,
  write: (line: string) => void = (line) => process.stdout.write(line),
): Log {
  return (level, event, fields = {}) => {
    const at = new Date().toISOString();
    const decision = fields.decision ?? decisionNow();
    write(`${JSON.stringify({ at, level, event, ...fields, decision })}\n`);
  };
}

/** What a destroy tells, from a first line to a last one, with what is only one cloud's or one moment's left out. */
export function wordsIn(output: string, first: string, last: string): string[] {
  const lines = output.split('\n').map((line) => line.replace(OF_WHOM, '').trim());
  // Pulumi shows the first line as it comes, and all of them in the end.
  const from = lines.findLastIndex((line) => line.includes(first));
  const to = lines.findIndex((line, index) => index >= from && line.includes(last));
  if (from < 0 || to < 0) throw new Error(`this does not tell "${first} … ${last}":\n${output}`);
  const told = lines.slice(from, to + 1).map((line, index) => (index > 0 ? line : tail(line, first)));
  return withoutCommands(told.map(plain));
}

/** Pulumi says of each line that a provider's process writes whose it is. */
const OF_WHOM = /^\s*pulumi:pulumi:Stack \S+ /;

/** And of an error that it is one. */
function tail(line: string, first: string): string {
  return line.slice(line.indexOf(first));
}

function plain(line: string): string {
  return line
    .replace(/^\S+ \([^)]*\): /, 'NODE (PLACE): ')
    .replace(/\d+ (nodes|machines)/, 'N $1')
    .replace(/for \d+ (s|min)\b/, 'for TIME');
}

const DRAIN_FIRST = 'To drain first: ';

/** How nodes are drained first: each cloud has its own commands for it. */
function withoutCommands(lines: readonly string[]): string[] {
  const from = lines.findIndex((line) => line.startsWith(DRAIN_FIRST));
  if (from < 0) return [...lines];
  const to = lines.findIndex((line, index) => index > from && /^(To insist|A node that)/.test(line));
  return [...lines.slice(0, from), DRAIN_FIRST.trim(), ...lines.slice(to)];
}

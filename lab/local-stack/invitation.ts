import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Project } from './project.ts';

/** How another shell gets there. */
export function invitation(
  program: string,
  { stack, folder }: Pick<Project, 'stack' | 'folder'>,
  variables: Readonly<Record<string, string>>,
  { machines, functionLog }: { machines: string; functionLog: string },
): string[] {
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}='${value}'`);
  const path = `export PATH='${dirname(program)}':"$PATH"`;
  const file = join(folder, 'environment.sh');
  writeFileSync(file, `${[...lines, path, agentOn(machines), httpOf(machines)].join('\n')}\n`, {
    mode: 0o600,
  });
  return [
    '',
    `The stack ${stack} is up, and people are in calls on it. In another shell:`,
    '',
    `  cd ${folder}`,
    `  . ./environment.sh`,
    '',
    'which is:',
    ...lines.map((line) => `  ${line}`),
    '',
    'and then, for example:',
    '',
    '  pulumi preview',
    `  pulumi config set --path ebbtide:scaling.target 60 && pulumi up`,
    '  npm run --silent fleet -- status',
    '  npm run --silent fleet -- remove NODE --wait    # it leaves when its last call has ended',
    '  npm run --silent fleet -- policy     # the rights that these need',
    '  agent_on NODE explain    # what is `ebbtide-agent explain` on a real node',
    '  curl "$(http_of NODE)/metrics"    # what is http://NODE:9876/metrics on a real node; and /healthz',
    '  pulumi destroy      # refuses, and says why and what to do',
    '',
    `Its nodes are folders in ${machines}, with their logs in NODE/var/log. What its functions write is in ${functionLog}.`,
    'Ctrl+C here ends it. What happens:',
  ];
}

/** A node is a folder here, and nobody can log in to one: a function of the shell instead. */
function agentOn(machines: string): string {
  return [
    'agent_on() {',
    `  ebbtide_node='${machines}'/"$1"; shift`,
    '  "$ebbtide_node/usr/local/bin/ebbtide-agent" "$@" --socket "$ebbtide_node/run/ebbtide/agent.sock"',
    '}',
  ].join('\n');
}

/** All nodes have one address here, and ports of their own. */
function httpOf(machines: string): string {
  return [
    'http_of() {',
    `  node -p '"http://127.0.0.1:" + JSON.parse(fs.readFileSync(process.argv[1])).http.port' '${machines}'/"$1"/etc/ebbtide/agent.json`,
    '}',
  ].join('\n');
}

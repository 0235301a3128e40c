import { accessSync, constants, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Programs of the real machine that only read, or only work on what they are handed. */
const HARMLESS = [
  ...[
    'awk',
    'base64',
    'basename',
    'bash',
    'cat',
    'command',
    'cut',
    'date',
    'dirname',
    'echo',
    'env',
    'expr',
    'false',
  ],
  ...[
    'getent',
    'grep',
    'gunzip',
    'gzip',
    'head',
    'hostname',
    'id',
    'ls',
    'mktemp',
    'nproc',
    'printf',
    'ps',
    'pwd',
  ],
  ...[
    'readlink',
    'sed',
    'seq',
    'sh',
    'sha256sum',
    'sleep',
    'sort',
    'stat',
    'tail',
    'test',
    'tr',
    'true',
    'uname',
  ],
  ...['uniq', 'wc', 'xargs'],
];

/** Programs that write: let through only where every path that they are given lies in the instance's folder. */
const WRITING = [
  'chmod',
  'cp',
  'install',
  'ln',
  'mkdir',
  'mv',
  'rm',
  'rmdir',
  'tar',
  'tee',
  'touch',
  'truncate',
];

/** Programs that would change the machine: they do nothing here but leave a note. */
const NOTED = ['apt-get', 'chgrp', 'chown', 'groupadd', 'sysctl', 'useradd', 'usermod'];

/**
 * Fills a folder that is the instance's whole PATH. Nothing outside it is found, so that what user-data runs and what
 * the units run cannot reach the real machine by a program's name.
 */
export function writeTools(root: string, bin: string): void {
  mkdirSync(bin, { recursive: true });
  for (const name of HARMLESS) {
    const program = findProgram(name);
    if (program !== undefined) symlinkSync(program, join(bin, name));
  }
  for (const name of WRITING) {
    const program = findProgram(name);
    if (program !== undefined) script(join(bin, name), guarded(name, program, root));
  }
  for (const name of NOTED) script(join(bin, name), noted(name, root));
  script(join(bin, 'systemd-inhibit'), inhibit(root));
  symlinkSync(process.execPath, join(bin, 'node'));
}

export function findProgram(name: string): string | undefined {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const program = join(folder, name);
    try {
      accessSync(program, constants.X_OK);
      return program;
    } catch {
      // Not here: the next folder of PATH is asked.
    }
  }
  return undefined;
}

/** A redirection cannot be guarded while it runs, so a script that has one out of the folder is not run at all. */
export function assertRooted(text: string, what: string): void {
  const astray = /(?:^|[^\\])>{1,2}\s*["']?(\/(?!dev\/null\b|dev\/stderr\b|dev\/stdout\b)\S*)/m.exec(text);
  if (astray !== null) {
    throw new Error(
      `${what} writes to ${astray[1]}, outside of its root: prefix the path with the root variable`,
    );
  }
}

function script(file: string, text: string): void {
  writeFileSync(file, `#!/bin/bash\n${text}`, { mode: 0o755 });
}

function guarded(name: string, program: string, root: string): string {
  return `for word in "$@"; do
  case "$word" in --*=/*) word="\${word#*=}" ;; esac
  case "$word" in
    */../*|*/..) ;;
    ${quote(root)}|${quote(root)}/*|/dev/null|/dev/stdin|/dev/stdout|/dev/stderr) continue ;;
    /*) ;;
    *) continue ;;
  esac
  echo "lab: ${name} refused: $word is outside of this instance" >&2
  exit 97
done
exec ${quote(program)} "$@"
`;
}

function noted(name: string, root: string): string {
  return `echo "${name} $*" >> ${quote(`${root}/var/log/noted.log`)}\n`;
}

function inhibit(root: string): string {
  return `echo "systemd-inhibit $*" >> ${quote(`${root}/var/log/noted.log`)}
while [ $# -gt 0 ]; do case "$1" in -*) shift ;; *) break ;; esac; done
exec "$@"
`;
}

export function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

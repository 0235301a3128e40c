import { randomBytes } from 'node:crypto';
import { chmodSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { quote } from './tools.ts';

/** What a command of systemctl came to: its exit code and what it says. */
export interface CommandOutcome {
  readonly code: number;
  readonly text: string;
}

export type UnitCommand = (words: readonly string[]) => Promise<CommandOutcome>;

const WORD_END = '\u001f';

/**
 * The instance's `systemctl`. An agent asks `show` all day, so that one only prints a file, in one process; every other
 * command is carried to the supervisor in the lab's own process.
 */
export class Systemctl {
  readonly #server: Server;
  readonly #token = randomBytes(16).toString('hex');
  readonly #command: UnitCommand;

  constructor(command: UnitCommand) {
    this.#command = command;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  async install(file: string, unitsFolder: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', resolve);
    });
    this.#server.unref();
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the supervisor has no port');
    writeFileSync(file, script(unitsFolder, address.port, this.#token));
    chmodSync(file, 0o700);
  }

  close(): void {
    this.#server.close();
  }

  #serve(socket: Socket): void {
    let text = '';
    socket.setEncoding('utf8');
    // The asking process may be killed while it waits: then there is nobody to answer.
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (!text.endsWith('\n')) return;
      const [token, ...words] = text.slice(0, -1).split(WORD_END).slice(0, -1);
      if (token !== this.#token) return void socket.destroy();
      void this.#command(words).then(({ code, text }) => socket.end(`${code}\n${text}`));
    });
  }
}

function script(unitsFolder: string, port: number, token: string): string {
  return `#!/bin/bash
# What systemctl is on an instance of the lab.
units=${quote(unitsFolder)}
if [ "\${1:-}" = show ]; then
  shift
  asked='' unit='' value=''
  while [ $# -gt 0 ]; do
    case "$1" in
      --property=*) asked="$asked,\${1#*=}," ;;
      -p) shift; asked="$asked,$1," ;;
      --value) value=yes ;;
      -*) ;;
      *) unit="$1" ;;
    esac
    shift
  done
  case "$unit" in *.*) ;; *) unit="$unit.service" ;; esac
  file="$units/$unit"
  if [ ! -e "$file" ]; then
    file="$units/.not-found"
    case "$asked" in ''|*,Id,*) echo "Id=$unit" ;; esac
  fi
  while IFS= read -r line; do
    case "$asked" in
      ''|*",\${line%%=*},"*) if [ -n "$value" ]; then echo "\${line#*=}"; else echo "$line"; fi ;;
    esac
  done < "$file"
  exit 0
fi
exec 3<>/dev/tcp/127.0.0.1/${port} || { echo 'Failed to connect to bus: No such file or directory' >&2; exit 1; }
printf '%s\\x1f' ${token} "$@" >&3
echo >&3
read -r code <&3 || exit 1
while IFS= read -r line <&3; do
  case "\${1:-}" in is-*) echo "$line" ;; *) echo "$line" >&2 ;; esac
done
exit "$code"
`;
}

import { spawn } from 'node:child_process';

/** Keeps the groups that it is told of, and kills them when there is nothing more to be told. */
const SCRIPT = `groups=' '
while read -r what group; do
  case "$what" in
    began) groups="$groups$group " ;;
    gone) groups="\${groups%% "$group" *} \${groups#* "$group" }" ;;
  esac
done
for group in $groups; do kill -9 "-$group"; done`;

/**
 * A process of its own that outlives the lab just long enough to end what the lab started. It notices by its input, which
 * closes however the lab ends: also by a kill that no program can answer.
 */
export class Watchdog {
  // A session of its own: what ends the lab's group must not end it too.
  readonly #process = spawn('sh', ['-c', SCRIPT], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  readonly #groups = new Set<number>();

  constructor() {
    this.#process.unref();
  }

  began(group: number): void {
    this.#groups.add(group);
    this.#tell('began', group);
  }

  /** Nobody is in this group any more: its number may come to be somebody else's. */
  gone(group: number): void {
    if (this.#groups.delete(group)) this.#tell('gone', group);
  }

  /** Ends it, and with it whatever is still in a group that began. */
  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.ref();
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.stdin.end();
    await ended;
  }

  #tell(what: 'began' | 'gone', group: number): void {
    if (this.#process.stdin.writable) this.#process.stdin.write(`${what} ${group}\n`);
  }
}

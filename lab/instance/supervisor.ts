import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { CommandOutcome } from './systemctl.ts';
import { Unit, type UnitHost } from './unit.ts';
import { AT_REST, renderProperties } from './unit-state.ts';

/** Runs the operator's own script, which could do anything: here it is taken for done. */
const SETUP_UNIT = 'ebbtide-setup.service';

const DONE: CommandOutcome = { code: 0, text: '' };

/** What systemd is on an instance of the lab: as much of it as boot, agent and operator use. */
export class Supervisor {
  readonly #host: UnitHost;
  /** Units that are taken for started and never are: the agent, in a run without Ebbtide. */
  readonly #ignored: ReadonlySet<string>;
  readonly #units = new Map<string, Unit>();

  constructor(host: UnitHost, ignored: ReadonlySet<string>) {
    this.#host = host;
    this.#ignored = ignored;
    mkdirSync(host.unitsFolder, { recursive: true });
    writeFileSync(join(host.unitsFolder, '.not-found'), renderProperties(undefined, undefined, AT_REST));
  }

  unit(name: string): Unit | undefined {
    return this.#units.get(name);
  }

  /** A word of systemctl's: what it does, and its exit code and words where it does not. */
  async command(words: readonly string[]): Promise<CommandOutcome> {
    try {
      const [verb = '', ...rest] = words.filter(
        (word) => !['--quiet', '-q', '--no-block', '--no-pager'].includes(word),
      );
      const now = rest.includes('--now');
      const names = rest
        .filter((word) => word !== '--now')
        .map((name) => (name.includes('.') ? name : `${name}.service`));
      if (names.some((name) => name.startsWith('-'))) return notRehearsed(words);
      if (verb === 'daemon-reload') return this.#reload();
      if (verb === 'poweroff' && names.length === 0) return await this.#switchOff();
      for (const name of names) {
        const outcome = await this.#one(verb, name, now, words);
        if (outcome.code !== 0 || outcome.text !== '') return outcome;
      }
      return names.length === 0 ? notRehearsed(words) : DONE;
    } catch (error) {
      return { code: 1, text: `lab: ${error instanceof Error ? error.message : String(error)}\n` };
    }
  }

  /** The machine comes up again: units that were enabled start. */
  startEnabled(): void {
    const folder = this.#wantsFolder();
    for (const name of existsSync(folder) ? readdirSync(folder) : []) {
      if (!this.#ignored.has(name) && name !== SETUP_UNIT) void this.#load(name)?.start();
    }
  }

  async powerOff(): Promise<void> {
    await Promise.all([...this.#units.values()].map((unit) => unit.kill()));
    this.#units.clear();
  }

  /** As far as a folder can be switched off: a note, and nothing of its units runs any more. */
  async #switchOff(): Promise<CommandOutcome> {
    appendFileSync(join(this.#host.root, 'var/log/noted.log'), 'systemctl poweroff\n');
    await this.powerOff();
    return DONE;
  }

  killNow(): void {
    for (const unit of this.#units.values()) unit.killNow();
  }

  async #one(verb: string, name: string, now: boolean, words: readonly string[]): Promise<CommandOutcome> {
    if (this.#ignored.has(name)) return DONE;
    if (name === SETUP_UNIT) {
      this.#host.log(name, "lab: the operator's own script is not rehearsed");
      return DONE;
    }
    const unit = this.#load(name);
    if (unit === undefined) {
      return verb === 'is-active'
        ? { code: 4, text: 'inactive\n' }
        : { code: 5, text: `Failed to ${verb} ${name}: Unit ${name} not found.\n` };
    }
    switch (verb) {
      case 'enable':
        this.#enable(name);
        return now ? this.#start(unit) : DONE;
      case 'start':
        return this.#start(unit);
      case 'stop':
      case 'restart':
        if (unit.refusesManualStop) return refused(verb, name);
        await unit.stop();
        return verb === 'restart' ? this.#start(unit) : DONE;
      case 'reset-failed':
        unit.resetFailed();
        return DONE;
      case 'is-active':
        return { code: unit.state.active === 'active' ? 0 : 3, text: `${unit.state.active}\n` };
      default:
        return notRehearsed(words);
    }
  }

  async #start(unit: Unit): Promise<CommandOutcome> {
    if (await unit.start()) return DONE;
    return {
      code: 1,
      text: `Job for ${unit.name} failed.\nSee "systemctl status ${unit.name}" for details: ${unit.state.result}\n`,
    };
  }

  #reload(): CommandOutcome {
    for (const [name, unit] of this.#units) {
      if (existsSync(this.#fileOf(name))) unit.reload(readFileSync(this.#fileOf(name), 'utf8'));
    }
    return DONE;
  }

  #load(name: string): Unit | undefined {
    const known = this.#units.get(name);
    if (known !== undefined || !existsSync(this.#fileOf(name))) return known;
    const unit = new Unit(name, readFileSync(this.#fileOf(name), 'utf8'), this.#host);
    this.#units.set(name, unit);
    return unit;
  }

  #enable(name: string): void {
    const link = join(this.#wantsFolder(), name);
    mkdirSync(this.#wantsFolder(), { recursive: true });
    if (!existsSync(link)) symlinkSync(this.#fileOf(name), link);
  }

  #fileOf(name: string): string {
    return join(this.#host.root, 'etc/systemd/system', name);
  }

  #wantsFolder(): string {
    return join(this.#host.root, 'etc/systemd/system/multi-user.target.wants');
  }
}

function refused(verb: string, name: string): CommandOutcome {
  const why = `unit ${name} may be requested by dependency only (it is configured to refuse manual start/stop).`;
  return { code: 4, text: `Failed to ${verb} ${name}: Operation refused, ${why}\n` };
}

function notRehearsed(words: readonly string[]): CommandOutcome {
  return { code: 1, text: `lab: "systemctl ${words.join(' ')}" is not rehearsed\n` };
}

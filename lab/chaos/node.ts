import type { AgentConfig } from '../../fleet/agent-config.ts';
import type { Clock } from '../../fleet/clock.ts';
import type { SendHttp } from '../../fleet/http.ts';
import type { Agent } from '../../node-agent/agent.ts';
import type { Command } from '../../node-agent/core/event.ts';
import { type AgentLife, type AgentLifeOptions, startAgentLife } from './agent-life.ts';
import { createDisk } from './disk.ts';
import type { Happening } from './happening.ts';
import { createMediaUnit, type MediaUnit } from './media-unit.ts';
import type { Boundary, NodeStep } from './step.ts';

/** A machine in memory: a disk, a media server under its unit, and an agent that is started again whenever it dies. */
export interface VirtualNode {
  id: string;
  unit: MediaUnit;
  /** Undefined while no agent lives, or while it does not know yet where it is. */
  agent(): Agent | undefined;
  isOn(): boolean;
  boot(): void;
  /** For good. `taken`: whatever is on it. */
  powerOff(taken: boolean): void;
  /** What happens to this machine, out of its cloud's reach. */
  suffer(step: NodeStep): void;
}

export interface VirtualNodeOptions {
  id: string;
  config: AgentConfig;
  clock: Clock;
  send: SendHttp;
  connect: AgentLifeOptions['connect'];
  hasMediaRegistry: boolean;
  /** Whoever has to be told before the media server is started for the first time; mostly nobody. */
  announce?: () => Promise<boolean>;
  /** As its own agent measures it, from 0 to 1; a tenth unless told. */
  cpu?: () => number;
  tell(happening: Happening): void;
  isOver(): boolean;
}

/** systemd starts the agent again after a second; until it runs, another half second passes. */
const AGENT_BACK_MS = 1_500;

/** A boot program that was not heard tries again. */
const ANNOUNCED_AGAIN_MS = 5_000;

/** It is accepted, and told that it may not survive the agent: no promise. */
const IN_DOUBT = /an agent that starts again does not know of it/;

interface Death {
  boundary: Boundary | 'any';
  when: 'before' | 'after';
  left: number;
  downMs: number;
}

export function createVirtualNode(options: VirtualNodeOptions): VirtualNode {
  const { id, clock, tell } = options;
  const disk = createDisk();
  const unit = createMediaUnit({ clock, node: id, tell });
  let life: AgentLife | undefined;
  let comingBack: (() => void) | undefined;
  let deaths: Death[] = [];
  let on = false;
  let boots = 0;
  let wallOffsetMs = 0;
  let isAnnounced = options.announce === undefined;

  function startAgent(): void {
    comingBack = undefined;
    tell({ kind: 'agent-started', node: id });
    life = startAgentLife({
      ...options,
      boot: `boot${boots}`,
      cpu: options.cpu ?? (() => 0.1),
      disk,
      unit,
      wallNow: () => clock.now() + wallOffsetMs,
      log: (event, fields) => tell({ kind: 'agent-says', node: id, event, fields }),
      dies,
    });
  }

  function dies(boundary: Boundary, when: 'before' | 'after'): boolean {
    if (options.isOver()) return true;
    const met = deaths.filter(
      (death) => death.when === when && (death.boundary === 'any' || death.boundary === boundary),
    );
    for (const death of met) death.left -= 1;
    const due = met.find(({ left }) => left <= 0);
    if (due === undefined) return false;
    deaths = deaths.filter((death) => death !== due);
    tell({ kind: 'agent-killed', node: id, why: `${when} ${boundary}` });
    life = undefined;
    comingBack = clock.after(Math.max(AGENT_BACK_MS, due.downMs), startAgent);
    return true;
  }

  function killAgent(why: string, downMs: number): void {
    comingBack?.();
    if (life !== undefined) tell({ kind: 'agent-killed', node: id, why });
    life?.kill();
    life = undefined;
    comingBack = clock.after(Math.max(AGENT_BACK_MS, downMs), startAgent);
  }

  function boot(): void {
    on = true;
    boots += 1;
    if (isAnnounced) unit.boot();
    else void announce(boots);
    startAgent();
  }

  /** Its media server is not there before that. */
  async function announce(inBoot: number): Promise<void> {
    isAnnounced = (await options.announce?.()) ?? true;
    if (!on || boots !== inBoot) return;
    if (isAnnounced) unit.boot();
    else clock.after(ANNOUNCED_AGAIN_MS, () => void announce(inBoot));
  }

  function stopEverything(): void {
    comingBack?.();
    comingBack = undefined;
    life?.kill();
    life = undefined;
    deaths = [];
    unit.powerOff();
  }

  function command(command: Command, kind: 'asked-to-drain' | 'asked-to-resume'): void {
    const asked = life?.agent();
    // Nobody is there to be asked: the operator reads that the socket does not answer.
    if (asked === undefined) return;
    asked.command(command).then(({ accepted, text }) => {
      const answer = accepted ? (IN_DOUBT.test(text) ? 'in-doubt' : 'accepted') : 'refused';
      tell({ kind, node: id, answer });
    });
  }

  function suffer(step: NodeStep): void {
    if (!on) return;
    switch (step.kind) {
      case 'room':
        unit.life()?.hold(`room-${clock.now()}`, step.people, step.forMs);
        return;
      case 'kill-agent': {
        const { boundary, when, nth, downMs } = step;
        deaths.push({ boundary, when, left: nth, downMs });
        return;
      }
      case 'reboot':
        tell({ kind: 'agent-killed', node: id, why: 'reboot' });
        stopEverything();
        disk.losePower();
        on = false;
        comingBack = clock.after(step.downMs, boot);
        return;
      case 'media-crash':
        unit.crash();
        return;
      case 'clock-jump':
        wallOffsetMs += step.byMs;
        return;
      case 'disk-full':
        disk.full = true;
        clock.after(step.forMs, () => {
          disk.full = false;
        });
        return;
      case 'state-garbled':
        killAgent('its state is garbled', step.downMs);
        disk.corrupt();
        return;
      case 'runtime-silent':
        unit.silent = true;
        clock.after(step.forMs, () => {
          unit.silent = false;
        });
        return;
      case 'signal-unsure':
        unit.unsure = step.arrives ? 'arrives' : 'is lost';
        return;
      case 'operator-drain':
        command({ kind: 'drain', reason: 'maintenance' }, 'asked-to-drain');
        return;
      case 'operator-resume':
        command({ kind: 'resume' }, 'asked-to-resume');
        return;
    }
  }

  return {
    id,
    unit,
    agent: () => life?.agent(),
    isOn: () => on,
    boot,
    powerOff(taken) {
      if (!on) {
        // It was about to boot.
        comingBack?.();
        tell({ kind: 'machine-off', node: id, taken, people: 0 });
        return;
      }
      on = false;
      tell({ kind: 'machine-off', node: id, taken, people: unit.life()?.people ?? 0 });
      stopEverything();
    },
    suffer,
  };
}

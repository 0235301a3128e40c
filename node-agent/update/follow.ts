import { createHash } from 'node:crypto';
import { buildOf, type PublishedAgent } from '../../fleet/agent-update.ts';
import type { Clock } from '../../fleet/clock.ts';
import { describeError } from '../../fleet/error.ts';
import type { Agent } from '../agent.ts';
import type { PublishedUpdate } from '../core/state.ts';
import type { Reply } from '../executor.ts';
import type { Log } from '../ports.ts';
import type { Updater } from './updater.ts';

/** It has come up when it has said how it is, and is still there so long after its start. */
const PROVEN_AFTER_MS = 10_000;
/** One that ends before that, again and again, is gone back from. It outlasts what an agent does now and then. */
const STAYED_AFTER_MS = 600_000;
/** A disk that is full is not so for ever, and its log is not to be made fuller. */
const NOTE_AGAIN_MS = 30_000;
/** A moment in which nothing is half done comes soon; an agent that stops in any other goes on where it was all the same. */
const QUIET_WITHIN_MS = 10_000;
const LOOK_FOR_QUIET_MS = 100;

export interface FollowOptions {
  agent: Pick<Agent, 'tellUpdate' | 'isUp' | 'isQuiet' | 'stays'>;
  updater: Updater;
  node: string;
  everyMs: number;
  clock: Clock;
  log: Log;
  /** Ends this process, so that it is started again. */
  restart(): void;
}

/** Looks for what the stack publishes, and takes it where it is to. */
export interface UpdateFollower {
  /** Somebody on the node wants it now. */
  now(): Promise<Reply>;
  stop(): void;
}

export function followUpdates(options: FollowOptions): UpdateFollower {
  const { agent, updater, clock, log, everyMs } = options;
  let isStopped = false;
  let isBusy = false;
  /** What cannot be taken has failed until it is taken, however often that is tried. */
  let told: Pick<PublishedUpdate, 'state' | 'build'> | undefined;
  let cancel = clock.after(PROVEN_AFTER_MS, () => prove());
  let cancelSettle: (() => void) | undefined;
  let cancelLook = clock.after(firstLook(options.node, everyMs), () => void lookAgain());
  // At once, too: an agent that ends soon after each start could be replaced by none otherwise.
  void look();

  function prove(): void {
    if (isStopped) return;
    if (!agent.isUp()) cancel = clock.after(1_000, prove);
    else if (note(() => updater.prove())) cancelSettle = clock.after(STAYED_AFTER_MS, settle);
    else cancel = clock.after(NOTE_AGAIN_MS, prove);
  }

  /** What is not noted would count against it at each start from now on. */
  function settle(): void {
    if (!isStopped && !note(() => updater.settle())) cancelSettle = clock.after(NOTE_AGAIN_MS, settle);
  }

  function note(write: () => void): boolean {
    try {
      write();
      return true;
    } catch (cause) {
      log('warn', 'update-not-noted', { problem: describeError(cause) });
      return false;
    }
  }

  async function lookAgain(): Promise<void> {
    await look();
    if (!isStopped) cancelLook = clock.after(everyMs, () => void lookAgain());
  }

  async function look(): Promise<void> {
    const published = await updater.look();
    switch (published.kind) {
      case 'unknown':
        log('warn', 'update-unknown', { problem: published.reason });
        // What has failed has failed for all that.
        if (told?.state === 'failed') return;
        return tell({ state: 'unknown', version: '', build: '', text: published.reason });
      case 'none':
      case 'running':
        return tell(null);
      case 'other': {
        const { agent: other, failed } = published;
        if (failed !== undefined) return tell({ ...named(other), state: 'failed', text: failed });
        if (told?.state !== 'failed' || told.build !== buildOf(other.sha256)) tell(pending(other));
        if (other.update === 'automatic' && agent.stays()) await take(other);
      }
    }
  }

  function tell(update: Omit<PublishedUpdate, 'since'> | null): void {
    told = update ?? undefined;
    agent.tellUpdate(update && { ...update, since: clock.now() });
  }

  async function take(other: PublishedAgent): Promise<Reply> {
    const fields = named(other);
    if (isBusy) return { accepted: false, text: 'An update is under way already.' };
    isBusy = true;
    try {
      await updater.take(other);
    } catch (cause) {
      const problem = describeError(cause);
      log('error', 'update-refused', { ...fields, problem });
      tell({ ...fields, state: 'failed', text: problem });
      return { accepted: false, text: `Agent ${fields.version} (${fields.build}) is not taken: ${problem}.` };
    } finally {
      isBusy = false;
    }
    log('info', 'update-taken', fields);
    tell(pending(other));
    whenQuiet(QUIET_WITHIN_MS, options.restart);
    const text = `Agent ${fields.version} (${fields.build}) is tried from the next start on, which is now. Calls go on.`;
    return { accepted: true, text };
  }

  function whenQuiet(leftMs: number, action: () => void): void {
    cancel = clock.after(LOOK_FOR_QUIET_MS, () => {
      if (isStopped) return;
      if (agent.isQuiet() || leftMs <= 0) action();
      else whenQuiet(leftMs - LOOK_FOR_QUIET_MS, action);
    });
  }

  return {
    async now() {
      const published = await updater.look();
      switch (published.kind) {
        case 'unknown':
          return { accepted: false, text: `It is not known what is published: ${published.reason}.` };
        case 'none':
          return { accepted: false, text: 'The stack publishes no agent: run `pulumi up`.' };
        case 'running':
          return { accepted: true, text: 'This is the agent that the stack publishes.' };
        case 'other':
          return take(published.agent);
      }
    },
    stop() {
      isStopped = true;
      cancel();
      cancelLook();
      cancelSettle?.();
    },
  };
}

function named({ version, sha256 }: PublishedAgent): Pick<PublishedUpdate, 'version' | 'build'> {
  return { version, build: buildOf(sha256) };
}

function pending(other: PublishedAgent): Omit<PublishedUpdate, 'since'> {
  return { ...named(other), state: 'pending', text: 'the stack publishes it' };
}

/** Each node at its own time, so that not all of a pool's begin anew at once. */
function firstLook(node: string, everyMs: number): number {
  const part = createHash('sha256').update(node).digest().readUInt32BE() / 2 ** 32;
  return part * everyMs;
}

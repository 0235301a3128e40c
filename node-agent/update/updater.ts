import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import * as v from 'valibot';
import {
  AGENT_UPDATE_KEY,
  buildOf,
  type PublishedAgent,
  publishedAgentSchema,
} from '../../fleet/agent-update.ts';
import { describeError } from '../../fleet/error.ts';
import type { ObjectStore } from '../../fleet/object-store.ts';
import { sha256Of } from '../boot/boot-source.ts';
import { putFile, writeContent } from '../boot/put-file.ts';
import { proven, stayed, tried } from './choose.ts';
import type { Program } from './launch.ts';

export interface UpdaterOptions {
  program: Program;
  store: Pick<ObjectStore, 'get'>;
  /** With which the new agent is asked whether it could run here. */
  configPath: string;
  checkTimeoutMs?: number | undefined;
}

/** What is published, as this node sees it. `failed`: it was given up here already. */
export type Published =
  | { kind: 'none' | 'running' }
  | { kind: 'other'; agent: PublishedAgent; failed: string | undefined }
  | { kind: 'unknown'; reason: string };

export interface Updater {
  look(): Promise<Published>;
  /** Fetches it, and has it run from the next start on; rejects with what is wrong with it, and has changed nothing then. */
  take(agent: PublishedAgent): Promise<void>;
  /** This agent has come up. */
  prove(): void;
  /** And has run without an end for so long that it need not be watched any more. */
  settle(): void;
}

const CHECK_TIMEOUT_MS = 30_000;

export function createUpdater({
  program,
  store,
  configPath,
  checkTimeoutMs = CHECK_TIMEOUT_MS,
}: UpdaterOptions): Updater {
  const { updates, sha256: running, base } = program;

  async function look(): Promise<Published> {
    try {
      const object = await store.get(AGENT_UPDATE_KEY);
      if (object === undefined) return { kind: 'none' };
      const agent = v.parse(v.pipe(v.string(), v.parseJson(), publishedAgentSchema), object.body);
      if (agent.sha256 === running) return { kind: 'running' };
      const { bad } = updates.read();
      return { kind: 'other', agent, failed: bad?.sha256 === agent.sha256 ? bad.reason : undefined };
    } catch (cause) {
      return { kind: 'unknown', reason: `${AGENT_UPDATE_KEY}: ${describeError(cause)}` };
    }
  }

  async function take(agent: PublishedAgent): Promise<void> {
    if (agent.sha256 !== base) await install(agent);
    updates.write(tried(updates.read(), agent));
    updates.tidy();
  }

  async function install({ key, sha256, version }: PublishedAgent): Promise<void> {
    const object = await store.get(key);
    if (object === undefined) throw new Error(`${key} is not there: deploy the stack again`);
    const content = Buffer.from(object.body);
    const found = sha256Of(content);
    if (found !== sha256)
      throw new Error(`${key} is not what was published: its sha256 is ${found}, not ${sha256}`);
    const path = updates.pathOf(sha256);
    await putFile(path, '0755', (temporary) => writeContent(temporary, content));
    try {
      const options = { timeout: checkTimeoutMs };
      await promisify(execFile)(process.execPath, [path, 'check', '--config', configPath], options);
    } catch (cause) {
      // One that was not asked to its end, on a busy machine, may be asked again.
      if (isAnswer(cause)) {
        const reason = 'it says itself that it could not run here';
        updates.write({ ...updates.read(), bad: { sha256, version, reason } });
      }
      updates.tidy();
      throw new Error(`agent ${buildOf(sha256)} could not run here`, { cause });
    }
  }

  return {
    look,
    take,
    prove() {
      const record = updates.read();
      if (record.trial?.sha256 !== running) return;
      updates.write(proven(record));
      updates.tidy();
    },
    settle() {
      const record = updates.read();
      if (record.young === null || record.good?.sha256 !== running) return;
      updates.write(stayed(record));
      updates.tidy();
    },
  };
}

/** It ended by itself, with an exit code. */
function isAnswer(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'number';
}

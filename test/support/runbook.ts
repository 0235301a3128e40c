import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { encodeScaleInSettings, type ScaleInSettings } from '../../fleet/azure-function-settings.ts';
import { PYTHON } from '../../lab/azure/automation/python.ts';
import { type AzureStandIn, SCALE_SET } from './azure-stand-in.ts';

export const RUNBOOK = fileURLToPath(new URL('../../functions/azure/scale-in/scale_in.py', import.meta.url));

export interface LogLine {
  level: string;
  event: string;
  [member: string]: unknown;
}

export interface RunbookEnd {
  code: number | null;
  log: LogLine[];
  stderr: string;
}

export interface RunningRunbook {
  child: ChildProcess;
  ended: Promise<RunbookEnd>;
}

export function settingsFor(azure: AzureStandIn, changed: Partial<ScaleInSettings> = {}): ScaleInSettings {
  return {
    pool: 'media',
    scaleSet: SCALE_SET,
    store: azure.store,
    arm: azure.arm,
    minServing: 1,
    maxDrains: 2,
    coolDownMs: 0,
    warmUpMs: 120_000,
    lowForMs: 600_000,
    warnAfterMs: 7_200_000,
    targetCpu: 0.5,
    requestMs: 2_000,
    ...changed,
  };
}

/** The runbook in a process of its own, as an Automation job runs it. */
export function startRunbook(azure: AzureStandIn, parameter: ScaleInSettings | string): RunningRunbook {
  const text = typeof parameter === 'string' ? parameter : encodeScaleInSettings(parameter);
  const child = spawn(PYTHON, [RUNBOOK, text], {
    env: { PATH: process.env.PATH, PYTHONDONTWRITEBYTECODE: '1', ...azure.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ended = new Promise<RunbookEnd>((resolve) => {
    child.on('close', (code) => {
      const lines = stdout.split('\n').filter((line) => line.endsWith('}'));
      resolve({ code, stderr, log: lines.map((line) => JSON.parse(line) as LogLine) });
    });
  });
  return { child, ended };
}

export function runRunbook(azure: AzureStandIn, parameter: ScaleInSettings | string): Promise<RunbookEnd> {
  return startRunbook(azure, parameter).ended;
}

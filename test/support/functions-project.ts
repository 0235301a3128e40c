import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type PulumiResult, runPulumi } from '../../lab/local-stack/pulumi.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

/** What the program of the project makes. */
export interface Wanted {
  label: string;
  region: string;
  package: string;
  action: string;
  code: string;
  timeoutSeconds: number;
  token: string;
  wakeSecret: string;
  trigger: string;
  cron: string;
  enabled: boolean;
}

export interface FunctionsProject {
  pulumi(...args: string[]): Promise<PulumiResult>;
  want(wanted: Wanted): void;
  remove(): void;
}

const PROGRAM = `
import { readFileSync } from 'node:fs';
import * as pulumi from '@pulumi/pulumi';
import {
  FunctionsAction, FunctionsNamespace, FunctionsPackage, FunctionsTrigger,
} from '${REPOSITORY}providers/digitalocean/functions/resources.ts';
const w = JSON.parse(readFileSync(new URL('./wanted.json', import.meta.url), 'utf8'));
const namespace = new FunctionsNamespace('functions', { label: w.label, region: w.region }, {});
const inside = new FunctionsPackage('package', { namespace: namespace.id, name: w.package }, {});
const action = new FunctionsAction('orchestrator', {
  namespace: namespace.id, package: inside.name, name: w.action, runtime: 'nodejs:22', code: w.code,
  timeoutSeconds: w.timeoutSeconds, memoryMb: 256,
  parameters: { token: pulumi.secret(w.token), pool: 'media' }, webSecret: w.wakeSecret,
}, {});
const trigger = new FunctionsTrigger('minute', {
  namespace: namespace.id, name: w.trigger, function: action.function, cron: w.cron, enabled: w.enabled,
}, {});
export const url = action.url;
export const name = trigger.name;
`;

/** A project of the repository's own resources for Functions, and the real Pulumi CLI that works on it. */
export function createFunctionsProject(
  program: string,
  environment: Readonly<Record<string, string>>,
): FunctionsProject {
  const root = mkdtempSync(join(tmpdir(), 'ebbtide-functions-'));
  const [folder, state, home] = ['project', 'state', 'home'].map((name) => join(root, name)) as [
    string,
    string,
    string,
  ];
  for (const each of [folder, state, home, join(folder, 'stacks')]) mkdirSync(each);
  for (const name of ['Pulumi.yaml', 'package.json', 'node_modules', 'providers', 'fleet'])
    symlinkSync(join(REPOSITORY, name), join(folder, name));
  writeFileSync(join(folder, 'stacks', 'index.ts'), PROGRAM);
  const own = {
    PULUMI_BACKEND_URL: `file://${state}`,
    PULUMI_CONFIG_PASSPHRASE: 'only a test',
    PULUMI_HOME: home,
    PULUMI_STACK: 'test',
    PULUMI_SKIP_UPDATE_CHECK: '1',
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true',
  };
  return {
    pulumi: (...args) => runPulumi({ program, folder, environment: { ...own, ...environment } }, ...args),
    want: (wanted) => writeFileSync(join(folder, 'stacks', 'wanted.json'), JSON.stringify(wanted)),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

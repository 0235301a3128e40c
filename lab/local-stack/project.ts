import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';

/** A folder in which `pulumi` finds this very program, with a stack, a state and a home of its own. */
export interface Project {
  folder: string;
  stack: string;
  /** The stack's file: what `pulumi config set` writes. */
  stackFile: string;
  environment: Record<string, string>;
  remove(): void;
}

/** Keys with their namespace, values as a stack file has them. */
export type StackValues = Record<string, unknown>;

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
/** What the program and `npm run fleet` are made of; links, so that the repository itself stays as it is. */
const LINKED = ['Pulumi.yaml', 'package.json', 'node_modules', 'stacks', 'cli'];

export function createProject(stack: string, values: StackValues): Project {
  const root = mkdtempSync(join(tmpdir(), 'ebbtide-stack-'));
  const [folder, state, home] = ['project', 'state', 'home'].map((name) => join(root, name)) as [
    string,
    string,
    string,
  ];
  for (const each of [folder, state, home]) mkdirSync(each);
  for (const name of LINKED) symlinkSync(join(REPOSITORY, name), join(folder, name));
  const stackFile = join(folder, `Pulumi.${stack}.yaml`);
  // Not folded: Pulumi adds empty lines to folded text each time that it writes the file.
  writeFileSync(stackFile, stringify({ config: values }, { lineWidth: 0 }));
  return {
    folder,
    stack,
    stackFile,
    environment: {
      PULUMI_BACKEND_URL: `file://${state}`,
      PULUMI_CONFIG_PASSPHRASE: 'only a rehearsal',
      PULUMI_HOME: home,
      PULUMI_STACK: stack,
      PULUMI_SKIP_UPDATE_CHECK: '1',
      // The cloud's provider is a twin that listens already.
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true',
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

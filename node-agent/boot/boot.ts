import { access, chmod, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { type BootManifest, bootManifestSchema } from '../../fleet/boot-manifest.ts';
import { describeError } from '../../fleet/error.ts';
import { type BootSource, type ConnectSource, fetchVerified, sha256Of } from './boot-source.ts';
import { fillPlaceholders, placeholdersIn } from './placeholders.ts';
import { createRun, extractMember, type Run } from './programs.ts';
import { putFile, writeContent } from './put-file.ts';
import { type RetrySettings, retry } from './retry.ts';

export interface BootOptions {
  /** What every path is under; empty on a real machine. */
  root: string;
  environment: Readonly<Record<string, string | undefined>>;
  connect: ConnectSource;
  retry: RetrySettings;
  log: (level: 'info' | 'warn' | 'error', event: string, details: Record<string, unknown>) => void;
}

type Stage = BootManifest['stages'][number];

/** A node with the files and the software that its manifest names. */
interface Node {
  manifest: BootManifest;
  source: BootSource;
  run: Run;
  /** Everything but secrets. */
  values: ReadonlyMap<string, string>;
  /** What node.json sets goes before everything else. */
  overrides: ReadonlyMap<string, string>;
}

/** Written when all stages were done. It names the machine: in an image it says nothing of the machines made from it. */
const DONE = '/var/lib/ebbtide/boot-done';

/**
 * How far it came: all stages are done, or some, or not even the first, which is the agent's. `agent-only`: no more than
 * that was to be done, as the node leaves.
 */
export type BootEnd = 'all' | 'agent-only' | 'some' | 'none';

/**
 * Makes the node what its manifest says, stage by stage; a stage that fails ends it, and what came before runs on. So
 * an agent is there to answer the cloud whatever becomes of the media server. Where not all was done, the log says why.
 */
export async function boot(options: BootOptions): Promise<BootEnd> {
  const { log } = options;
  let doing = 'prepare';
  let end: BootEnd = 'none';
  try {
    const node = await prepare(options);
    // What was done is systemd's to start at a later boot, and the agent's to keep down: here it could only be in the way.
    if (await isDone(node, options)) {
      log('info', 'boot-was-done', {});
      return 'all';
    }
    for (const stage of node.manifest.stages) {
      // The first is the agent's: it can answer the cloud, whatever becomes of the others.
      if (end === 'some') {
        doing = 'announce';
        if ((await patiently(options, doing, async () => node.source.announce?.())) === 'leaves') {
          log('info', 'boot-stands-back', { reason: 'it is decided already that this node leaves' });
          return 'agent-only';
        }
      }
      doing = stage.name;
      await carryOut(stage, node, options);
      end = 'some';
      log('info', 'stage-done', { stage: stage.name });
    }
    doing = DONE;
    await putFile(join(options.root, DONE), '0644', (path) => writeContent(path, machineOf(node)));
    return 'all';
  } catch (error) {
    log('error', 'boot-failed', { stage: doing, reason: describeError(error) });
    return end;
  }
}

async function prepare(options: BootOptions): Promise<Node> {
  const { root, environment } = options;
  const manifest = v.parse(bootManifestSchema, await readJson(join(root, '/etc/ebbtide/boot.json')));
  const source = options.connect(manifest.source, environment, root);
  const values = new Map([...Object.entries(manifest.placeholders), ['root', root]]);
  for (const [name, read] of Object.entries(source.facts)) {
    values.set(name, await patiently(options, name, read));
  }
  return { manifest, source, run: createRun(environment), values, overrides: await readOverrides(root) };
}

function machineOf({ values }: Node): string {
  return values.get('instanceId') ?? '';
}

async function isDone(node: Node, { root }: BootOptions): Promise<boolean> {
  try {
    return (await readFile(join(root, DONE), 'utf8')) === machineOf(node);
  } catch {
    return false;
  }
}

async function carryOut(stage: Stage, node: Node, options: BootOptions): Promise<void> {
  for (const file of stage.files) await install(file, node, options);
  await render(stage, node, options);
  // What adds to a unit that is there already counts from then on, too.
  if (stage.start.length > 0 || stage.templates.length > 0) await node.run('systemctl', ['daemon-reload']);
  for (const unit of stage.start) await node.run('systemctl', ['enable', '--now', unit]);
}

async function install(
  file: Stage['files'][number],
  { source, run }: Node,
  options: BootOptions,
): Promise<void> {
  const to = join(options.root, file.to);
  const { member } = file;
  if (member === undefined && (await hasContent(to, file.sha256))) {
    await chmod(to, Number.parseInt(file.mode, 8));
    return;
  }
  const content = await patiently(options, file.key, () => fetchVerified(source, file));
  if (member === undefined) {
    await putFile(to, file.mode, (path) => writeContent(path, content));
    return;
  }
  const archive = `${to}.archive`;
  await putFile(archive, '0600', (path) => writeContent(path, content));
  try {
    await putFile(to, file.mode, (path) => extractMember(run, archive, member, path));
  } finally {
    await rm(archive, { force: true });
  }
}

/** Secrets are read only for the stage that needs them: the agent's does not, and must not wait for them. */
async function render(
  stage: Stage,
  { source, values, overrides }: Node,
  options: BootOptions,
): Promise<void> {
  const { root } = options;
  const texts = new Map<Stage['templates'][number], string>();
  for (const template of stage.templates) {
    texts.set(template, await readFile(join(root, template.from), 'utf8'));
  }
  const wanted = new Set([...texts.values()].flatMap(placeholdersIn));
  const secrets = Object.entries(source.secretNames).filter(
    ([name]) => wanted.has(name) && !overrides.has(name),
  );
  const known = new Map(values);
  if (secrets.length > 0) {
    const names = secrets.map(([, secret]) => secret);
    const read = await patiently(options, names.join(', '), () => source.readSecrets(names));
    for (const [name, secret] of secrets) known.set(name, read.get(secret) ?? '');
  }
  for (const [name, value] of overrides) known.set(name, value);
  for (const [template, text] of texts) {
    const { from, to, mode } = template;
    let filled: string;
    try {
      filled = fillPlaceholders(text, known);
    } catch (cause) {
      throw new Error(`the template ${from} cannot be filled in`, { cause });
    }
    await putFile(join(root, to), mode, (path) => writeContent(path, filled));
  }
}

function patiently<T>(
  { retry: settings, log }: BootOptions,
  what: string,
  action: () => Promise<T>,
): Promise<T> {
  return retry(settings, action, (error, waitMs) => {
    log('warn', 'boot-retries', { what, reason: describeError(error), waitMs });
  });
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new Error(`${path} cannot be read`, { cause });
  }
}

const overridesSchema = v.strictObject({ placeholders: v.record(v.string(), v.string()) });

/** What an image or a rehearsal says of this one node; most have no such file. */
async function readOverrides(root: string): Promise<ReadonlyMap<string, string>> {
  const path = join(root, '/etc/ebbtide/node.json');
  try {
    await access(path);
  } catch {
    return new Map();
  }
  return new Map(Object.entries(v.parse(overridesSchema, await readJson(path)).placeholders));
}

/** An image may have the very file already. */
async function hasContent(path: string, sha256: string): Promise<boolean> {
  const content = await readFile(path).catch(() => undefined);
  return content !== undefined && sha256Of(content) === sha256;
}

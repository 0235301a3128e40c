import type { Container, DockerEngine } from './docker-engine.ts';

export type Role = 'livekit' | 'egress' | 'ingress' | 'agent';

/** A container that is media, whatever it is called by now. `role` is unknown of one that only an earlier agent knew. */
export interface MediaContainer {
  role: Role | 'unknown';
  /** What it was called when it was first seen. */
  name: string;
  container: Container;
}

/** Which containers are the media. */
export interface MediaNames {
  livekit: string;
  egress?: string;
  ingress?: string;
  /** `NAME` or `NAME=VALUE`. */
  agentLabel?: string;
}

/** Rejects when the engine does not tell of every one of them: a list that is not whole is no answer. */
export type ReadContainers = () => Promise<MediaContainer[]>;

/**
 * Finds the media by names and by a label. Once found, a container is looked up by its id: renamed, or without its label,
 * it is still the media; only the engine's word that there is no such container ends that.
 * @param remembered ids of containers that an earlier agent knew.
 */
export function createMediaContainers(
  engine: DockerEngine,
  names: MediaNames,
  remembered: readonly string[],
): ReadContainers {
  const known = new Map<string, Omit<MediaContainer, 'container'>>();
  const toRecall = new Set(remembered);
  const byNames = (['livekit', 'egress', 'ingress'] as const).flatMap((role) => {
    const name = names[role];
    return name === undefined ? [] : [{ role, name }];
  });

  async function byName({ role, name }: (typeof byNames)[number]): Promise<void> {
    const container = await engine.inspect(name);
    // An engine also takes the beginning of an id for a name.
    if (container?.Name !== `/${name}` || known.has(container.Id)) return;
    known.set(container.Id, { role, name });
  }

  async function byLabel(label: string): Promise<void> {
    for (const id of await engine.list({ label: [label] })) {
      if (!known.has(id)) known.set(id, { role: 'agent', name: '' });
    }
  }

  async function byId(id: string): Promise<MediaContainer | undefined> {
    const container = await engine.inspect(id);
    const before = known.get(id);
    if (container === undefined) {
      known.delete(id);
      return undefined;
    }
    const name = before?.name || container.Name.replace(/^\//, '');
    const role = before?.role ?? 'unknown';
    known.set(id, { role, name });
    return { role, name, container };
  }

  async function recall(): Promise<void> {
    for (const id of toRecall) {
      const container = await engine.inspect(id);
      if (container !== undefined && !known.has(container.Id)) {
        known.set(container.Id, { role: 'unknown', name: '' });
      }
      toRecall.delete(id);
    }
  }

  return async () => {
    await Promise.all([
      ...byNames.map(byName),
      ...(names.agentLabel === undefined ? [] : [byLabel(names.agentLabel)]),
    ]);
    await recall();
    const read = await Promise.all([...known.keys()].map(byId));
    return read.filter((container) => container !== undefined);
  };
}

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

/** What is kept of a container once it was found. */
interface Known {
  role: Role | 'unknown';
  name: string | undefined;
}

interface Found extends Known {
  id: string;
  /** Where the look that found it told of it. */
  container?: Container;
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
  const known = new Map<string, Known>();
  const toRecall = new Set(remembered);

  async function byName(role: Role, name: string): Promise<Found[]> {
    const container = await engine.inspect(name);
    // An engine also takes the beginning of an id for a name.
    return container?.Name === `/${name}` ? [{ id: container.Id, role, name, container }] : [];
  }

  async function byLabel(label: string): Promise<Found[]> {
    const ids = await engine.list({ label: [label] });
    return ids.map((id) => ({ id, role: 'agent', name: undefined }));
  }

  async function recall(id: string): Promise<Found[]> {
    const container = await engine.inspect(id);
    // One that is there is forgotten only once it is known: another look of this round may still fail.
    if (container === undefined) toRecall.delete(id);
    return container === undefined ? [] : [{ id: container.Id, role: 'unknown', name: undefined, container }];
  }

  async function look(): Promise<Found[]> {
    const { livekit, egress, ingress, agentLabel } = names;
    const found = await Promise.all([
      byName('livekit', livekit),
      egress === undefined ? [] : byName('egress', egress),
      ingress === undefined ? [] : byName('ingress', ingress),
      agentLabel === undefined ? [] : byLabel(agentLabel),
      ...[...toRecall].map(recall),
    ]);
    return found.flat();
  }

  return async () => {
    const told = new Map<string, Container>();
    for (const { id, role, name, container } of await look()) {
      if (!known.has(id)) known.set(id, { role, name });
      for (const recalled of toRecall) if (id.startsWith(recalled)) toRecall.delete(recalled);
      if (container !== undefined) told.set(id, container);
    }
    const read = await Promise.all(
      [...known].map(async ([id, { role, name }]): Promise<MediaContainer | undefined> => {
        const container = told.get(id) ?? (await engine.inspect(id));
        if (container === undefined) {
          known.delete(id);
          return undefined;
        }
        const firstName = name ?? container.Name.replace(/^\//, '');
        known.set(id, { role, name: firstName });
        return { role, name: firstName, container };
      }),
    );
    return read.filter((container) => container !== undefined);
  };
}

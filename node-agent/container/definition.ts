import { createHash } from 'node:crypto';
import type { WantedContainer } from '../../fleet/wanted-container.ts';
import type { Container } from '../runtime/docker-engine.ts';

/** The numbers of an account of this machine. */
export interface Account {
  uid: number;
  gid: number;
}

/** By it a container is known to be made from a definition: a hash of nothing that is secret. */
const DEFINITION_LABEL = 'ebbtide.definition';

/**
 * What the Engine API takes to create the media server's container. It has the machine's own network, since media ports
 * are many and their addresses are told to clients; no rights beyond those of its account, and nothing to write to. The
 * config is shown to it at the path that it has on the machine: its secrets are neither in the container's environment
 * nor in its labels, which anyone who may ask the engine can read.
 */
export function containerDefinition(wanted: WantedContainer, { uid, gid }: Account) {
  const { image, config, restartPolicy, openFiles } = wanted;
  const definition = {
    Image: image,
    Cmd: ['--config', config],
    User: `${uid}:${gid}`,
    HostConfig: {
      NetworkMode: 'host',
      Binds: [`${config}:${config}:ro`],
      RestartPolicy: { Name: restartPolicy, MaximumRetryCount: 0 },
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      ReadonlyRootfs: true,
      ...(openFiles === undefined ? {} : { Ulimits: [{ Name: 'nofile', Soft: openFiles, Hard: openFiles }] }),
    },
  };
  const hash = createHash('sha256').update(JSON.stringify(definition)).digest('hex');
  return { ...definition, Labels: { [DEFINITION_LABEL]: hash } };
}

export type ContainerDefinition = ReturnType<typeof containerDefinition>;

/** What is to be done about a container, and why. */
export type ContainerStep =
  | { kind: 'create' | 'start' | 'leave'; why: string }
  /** Not ours to decide: it may have calls. */
  | { kind: 'refuse'; why: string };

/**
 * Safe to ask again at any time. A container without restarts is one that the agent has drained, or is about to: it takes
 * the policy away before it signals, and gives it back when it resumes. So a reboot starts what served, and nothing else.
 */
export function nextStep(found: Container | undefined, definition: ContainerDefinition): ContainerStep {
  if (found === undefined) return { kind: 'create', why: 'there is none' };
  const { Config, State, HostConfig } = found;
  if (Config.Labels?.[DEFINITION_LABEL] !== definition.Labels[DEFINITION_LABEL]) {
    return {
      kind: 'refuse',
      why: `it is there already, of ${Config.Image}, and was not made from this definition: remove it once it has no calls`,
    };
  }
  if (State.Running) return { kind: 'leave', why: 'it runs' };
  if (HostConfig.RestartPolicy.Name === 'no') {
    return { kind: 'leave', why: 'it was drained: `ebbtide-agent resume` starts it' };
  }
  return { kind: 'start', why: `it is ${State.Status}` };
}

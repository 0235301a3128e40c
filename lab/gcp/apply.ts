import { Ports } from '../instance/ports.ts';
import { type Application, applyOnPaper, type Recorded } from '../pulumi/apply.ts';
import type { CallWorld, ExistingGroup, ExistingNetwork } from './data-sources.ts';
import type { GcpModel } from './model.ts';
import { createPaperGcp } from './paper.ts';
import { type Place, PROJECT_NUMBER } from './place.ts';
import { readModel } from './read-model.ts';

export interface GcpApplication extends Application, Pick<CallWorld, 'switchedOff' | 'backendServices'> {
  /** Networks that are there before the program. */
  existing?: ExistingNetwork[];
  /** Groups that are there before the program. */
  groups?: ExistingGroup[];
}

export interface Applied extends Recorded {
  model: GcpModel;
}

/** Applies a Pulumi program to a twin Google Cloud. Its function's address is one that is free now. */
export async function applyProgram(application: GcpApplication): Promise<Applied> {
  const { config, existing = [], groups = [], switchedOff = [], backendServices = [] } = application;
  const { 'gcp:project': project, 'gcp:region': region } = config;
  if (project === undefined || region === undefined) {
    throw new Error('gcp:project and gcp:region must be set: the twin must know where it is');
  }
  const place: Place = { project, projectNumber: PROJECT_NUMBER, region };
  const functionUrl = `http://127.0.0.1:${await new Ports().take()}`;
  const world: CallWorld = { place, existing, switchedOff, backendServices, groups: () => groups };
  const recorded = await applyOnPaper(application, createPaperGcp(world, functionUrl));
  return { ...recorded, model: readModel(recorded.resources, place) };
}

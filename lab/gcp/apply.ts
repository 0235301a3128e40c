import { Ports } from '../instance/ports.ts';
import { type Application, applyOnPaper, type Recorded } from '../pulumi/apply.ts';
import { type Place, PROJECT_NUMBER } from './identifiers.ts';
import type { GcpModel } from './model.ts';
import { createPaperGcp } from './paper.ts';
import { readModel } from './read-model.ts';

export interface Applied extends Recorded {
  model: GcpModel;
}

/** Applies a Pulumi program to a twin Google Cloud. */
export async function applyProgram(application: Application): Promise<Applied> {
  const place = await placeOf(application.config);
  const recorded = await applyOnPaper(application, createPaperGcp({ place, find: () => undefined }));
  return { ...recorded, model: readModel(recorded.resources, place) };
}

/** Where a stack's cloud is. The port of its functions is taken now: what is provisioned names it. */
export async function placeOf(config: Readonly<Record<string, unknown>>): Promise<Place> {
  const { 'gcp:project': project, 'gcp:region': region } = config;
  if (typeof project !== 'string' || typeof region !== 'string')
    throw new Error('gcp:project or gcp:region is not set: the twin must know where it is');
  const functionsAt = `http://127.0.0.1:${await new Ports().take()}`;
  return { project, projectNumber: PROJECT_NUMBER, region, functionsAt };
}

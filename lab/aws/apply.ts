import { type Application, applyOnPaper, type Recorded } from '../pulumi/apply.ts';
import type { ExistingNetwork } from './data-sources.ts';
import { ACCOUNT, type Place } from './identifiers.ts';
import type { AwsModel } from './model.ts';
import { createPaperAws } from './paper.ts';
import { readModel } from './read-model.ts';

export interface AwsApplication extends Application {
  /** Networks that are there before the program. */
  existing?: ExistingNetwork[];
}

export interface Applied extends Recorded {
  model: AwsModel;
}

/** Applies a Pulumi program to a twin AWS. */
export async function applyProgram(application: AwsApplication): Promise<Applied> {
  const { config, existing = [] } = application;
  const region = config['aws:region'];
  if (region === undefined) throw new Error('aws:region is not set: the twin must know where it is');
  const place: Place = { account: ACCOUNT, region, partition: 'aws' };
  const recorded = await applyOnPaper(application, createPaperAws({ place, existing }));
  return { ...recorded, model: readModel(recorded.resources, place, existing) };
}

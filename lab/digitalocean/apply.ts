import * as v from 'valibot';
import { Ports } from '../instance/ports.ts';
import { type Application, applyOnPaper, type Recorded } from '../pulumi/apply.ts';
import type { OceanModel, Place } from './model.ts';
import { createPaperOcean } from './paper.ts';
import { withAccount } from './paper-account.ts';
import { readModel } from './read-model.ts';
import type { TwinOptions } from './twin.ts';

export interface OceanApplication extends Application, Pick<TwinOptions, 'onExchange'> {}

export interface Applied extends Recorded {
  model: OceanModel;
}

const sectionSchema = v.object({ region: v.string(), spacesRegion: v.optional(v.string()) });

/** Where the twin is, by the stack's own `ebbtide:digitalocean`. Its address is one that is free now. */
export async function placeOf(section: unknown): Promise<Place> {
  const { region, spacesRegion = region } = v.parse(sectionSchema, section);
  return { region, spacesRegion, endpoint: `http://127.0.0.1:${await new Ports().take()}` };
}

/** Applies a Pulumi program to a twin DigitalOcean. */
export async function applyProgram({ onExchange, ...application }: OceanApplication): Promise<Applied> {
  const section = application.config['ebbtide:digitalocean'];
  if (section === undefined)
    throw new Error('ebbtide:digitalocean.region must be set: the twin must know where it is');
  const place = await placeOf(JSON.parse(section));
  const recorded = await withAccount(
    readModel([], place),
    onExchange === undefined ? {} : { onExchange },
    () => applyOnPaper(application, createPaperOcean(place)),
  );
  return { ...recorded, model: readModel(recorded.resources, place) };
}

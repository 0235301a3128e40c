import type { Bundle } from '../bundle.ts';
import { fingerprintOf } from '../fingerprint.ts';
import type { NodeSetup } from '../node-setup.ts';
import { nodeSoftware, type Software } from '../software.ts';
import { assertUserDataFits, renderUserData } from '../user-data.ts';
import { DEFAULT_MACHINE_TYPE, defaultImage } from './machine.ts';
import type { AzureNames } from './names.ts';
import { azureNodeSetup } from './node-setup.ts';
import type { AzureSettings } from './settings.ts';

export interface NodeModelArgs {
  settings: AzureSettings;
  names: AzureNames;
  boot: Bundle;
  software: Software;
}

/** What a node is made of. Everything in it is known before anything is made. */
export interface NodeModel {
  setup: NodeSetup;
  /** By which a node tells the model that it was made from. It changes with whatever a node is made of. */
  fingerprint: string;
}

const AZURE = { bytes: 65_535, taker: 'Azure' };

/** Pure. Throws where Azure would refuse it. */
export function nodeModel({ settings, names, boot, software }: NodeModelArgs): NodeModel {
  const { pool, azure } = settings;
  const setupWith = (template: string) =>
    azureNodeSetup({
      settings,
      names,
      ...nodeSoftware(boot, software),
      template,
    });
  const machineType = pool.machineType ?? DEFAULT_MACHINE_TYPE;
  const fingerprint = fingerprintOf([
    renderUserData(setupWith('')),
    pool.image ?? defaultImage(machineType),
    machineType,
    String(pool.diskGb),
    azure.diskType,
  ]);
  const setup = setupWith(fingerprint);
  assertUserDataFits(setup, AZURE);
  return { setup, fingerprint };
}

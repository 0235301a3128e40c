import type { CloudName } from '../cloud/names.ts';
import { startLocalAws } from './aws-cloud.ts';
import { startLocalAzure } from './azure-cloud.ts';
import { startLocalOcean } from './digitalocean-cloud.ts';
import { startLocalGcp } from './gcp-cloud.ts';
import type { LocalCloud, LocalCloudOptions } from './local-cloud.ts';

export const LOCAL_CLOUDS: Record<CloudName, (options: LocalCloudOptions) => Promise<LocalCloud>> = {
  aws: startLocalAws,
  azure: startLocalAzure,
  digitalocean: startLocalOcean,
  gcp: startLocalGcp,
};

import * as gcp from '@pulumi/gcp/provider.js';

export interface GcpProviderArgs {
  project: string;
  region: string;
  /** On everything that takes labels. */
  labels: Record<string, string>;
}

/** The one provider that a pool's resources are made with. Of another place it is another one: the old things keep theirs. */
export function createGcpProvider({ project, region, labels }: GcpProviderArgs): gcp.Provider {
  return new gcp.Provider(`gcp.${project}.${region}`, { project, region, defaultLabels: labels });
}

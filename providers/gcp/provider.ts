import * as gcp from '@pulumi/gcp/provider.js';

export interface GcpProviderArgs {
  project: string;
  region: string;
  /** On everything that takes labels. */
  labels: Record<string, string>;
}

/** The one provider that a pool's resources are made with. */
export function createGcpProvider({ project, region, labels }: GcpProviderArgs): gcp.Provider {
  return new gcp.Provider('gcp', { project, region, defaultLabels: labels });
}

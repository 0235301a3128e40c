import { fileURLToPath } from 'node:url';
import { applyProgram as applyToAws } from '../aws/apply.ts';
import { createTwin as createTwinAws } from '../aws/twin.ts';
import { applyProgram as applyToAzure } from '../azure/apply.ts';
import { createTwin as createTwinAzure } from '../azure/twin.ts';
import type { CloudName } from '../cloud/names.ts';
import type { NewTwin } from '../cloud/twin-cloud.ts';
import { applyProgram as applyToOcean } from '../digitalocean/apply.ts';
import { ORCHESTRATOR_TOKEN } from '../digitalocean/tokens.ts';
import { createTwin as createTwinOcean } from '../digitalocean/twin.ts';
import { applyProgram as applyToGcp } from '../gcp/apply.ts';
import { createTwin as createTwinGcp } from '../gcp/twin.ts';
import type { Application } from '../pulumi/apply.ts';
import type { DayShape } from './plan.ts';

/** A cloud that can be rehearsed. */
export interface RehearsedCloud<Applied = NewTwin> {
  /** The rehearsal's own stack. */
  stackFile: string;
  /** How its group grows and shrinks in a day, by the stack's own sizes and target. */
  load: Pick<DayShape, 'initial' | 'peak' | 'morningCpu' | 'longCpu'>;
  /** Beside the media server's: what the stack file must not have in plain text, by its keys. */
  secrets?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Applies a program on paper: any number of twins can be made of what it provisioned. */
  apply(application: Application): Promise<Applied>;
}

export const REHEARSED: Record<CloudName, RehearsedCloud> = {
  aws: {
    stackFile: stackFile('aws'),
    // Two at 58 % are a bit more than two at 50 %; three at 28 % are below the alarm's 35 %, and each step takes one.
    load: { initial: 2, peak: 3, morningCpu: 58, longCpu: 28 },
    async apply(application) {
      const { model } = await applyToAws(application);
      return (run) => createTwinAws({ model, ...run });
    },
  },
  azure: {
    stackFile: stackFile('azure'),
    // Two at 78 % are a bit more than three at 50 %; four at 18 % are what two carry at the runbook's 40 %.
    load: { initial: 2, peak: 4, morningCpu: 78, longCpu: 18 },
    async apply(application) {
      const { model } = await applyToAzure(application);
      return (run) => createTwinAzure({ model, ...run });
    },
  },
  digitalocean: {
    stackFile: stackFile('digitalocean'),
    // Two at 78 % are a bit more than three at 50 %; four at 18 % are what two carry at the orchestrator's 40 %.
    load: { initial: 2, peak: 4, morningCpu: 78, longCpu: 18 },
    secrets: { 'ebbtide:digitaloceanSecrets': { orchestratorToken: ORCHESTRATOR_TOKEN } },
    async apply(application) {
      const { model } = await applyToOcean(application);
      return (run) => createTwinOcean({ model, ...run });
    },
  },
  gcp: {
    stackFile: stackFile('gcp'),
    // Two at 78 % are a bit more than three at 50 %, and four at 22 % a bit less than two: the autoscaler goes all the way.
    load: { initial: 2, peak: 4, morningCpu: 78, longCpu: 22 },
    async apply(application) {
      const { model } = await applyToGcp(application);
      return (run) => createTwinGcp({ model, ...run });
    },
  },
};

function stackFile(cloud: CloudName): string {
  return fileURLToPath(new URL(`Pulumi.rehearsal-${cloud}.yaml`, import.meta.url));
}

import { fileURLToPath } from 'node:url';
import { applyProgram } from '../aws/apply.ts';
import { createTwin } from '../aws/twin.ts';
import type { CloudName } from '../cloud/names.ts';
import type { NewTwin } from '../cloud/twin-cloud.ts';
import type { Application } from '../pulumi/apply.ts';

/** A cloud that can be rehearsed. */
export interface RehearsedCloud<Applied = NewTwin> {
  /** The rehearsal's own stack. */
  stackFile: string;
  /** Applies a program on paper: any number of twins can be made of what it provisioned. */
  apply(application: Application): Promise<Applied>;
}

export const REHEARSED: Record<CloudName, RehearsedCloud> = {
  aws: {
    stackFile: stackFile('aws'),
    async apply(application) {
      const { model } = await applyProgram(application);
      return (run) => createTwin({ model, ...run });
    },
  },
};

function stackFile(cloud: CloudName): string {
  return fileURLToPath(new URL(`Pulumi.rehearsal-${cloud}.yaml`, import.meta.url));
}

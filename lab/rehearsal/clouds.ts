import { fileURLToPath } from 'node:url';
import { applyProgram } from '../aws/apply.ts';
import { createTwin } from '../aws/twin.ts';
import type { CloudName } from '../cloud/names.ts';
import type { NewTwin } from '../cloud/twin-cloud.ts';
import type { Application } from '../pulumi/apply.ts';
import type { DayShape } from './plan.ts';

/** A cloud that can be rehearsed. */
export interface RehearsedCloud<Applied = NewTwin> {
  /** The rehearsal's own stack. */
  stackFile: string;
  /** How its group grows and shrinks in a day, by the stack's own sizes and target. */
  load: Pick<DayShape, 'initial' | 'peak' | 'morningCpu' | 'longCpu'>;
  /** Applies a program on paper: any number of twins can be made of what it provisioned. */
  apply(application: Application): Promise<Applied>;
}

export const REHEARSED: Record<CloudName, RehearsedCloud> = {
  aws: {
    stackFile: stackFile('aws'),
    // Two at 58 % are a bit more than two at 50 %; three at 28 % are below the alarm's 35 %, and each step takes one.
    load: { initial: 2, peak: 3, morningCpu: 58, longCpu: 28 },
    async apply(application) {
      const { model } = await applyProgram(application);
      return (run) => createTwin({ model, ...run });
    },
  },
};

function stackFile(cloud: CloudName): string {
  return fileURLToPath(new URL(`Pulumi.rehearsal-${cloud}.yaml`, import.meta.url));
}

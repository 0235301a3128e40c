import type { MachineInit } from '../machine.ts';
import { type CloudConfig, parseCloudConfig } from './cloud-config.ts';

/** What an image does with what its cloud hands it. */
export interface BootPlan extends CloudConfig {
  /** At each boot that follows, too. */
  readonly everyBoot: boolean;
  /** Where on the machine its words are kept. */
  readonly log: string;
}

/** As Google's guest agent names it, but for the temporary folder's random end. */
const STARTUP_SCRIPT = '/tmp/metadata-scripts/startup-script';

/** Throws where the lab does not rehearse what the cloud hands over. */
export function planBoot(init: MachineInit): BootPlan {
  switch (init.kind) {
    case 'cloud-config':
      return {
        ...parseCloudConfig(init.userData),
        everyBoot: false,
        log: 'var/log/cloud-init-output.log',
      };
    case 'startup-script':
      // The guest agent runs it as a program of its own: without the first line it would be no such thing.
      if (!init.script.startsWith('#!/bin/bash\n'))
        throw new Error('the startup-script does not begin with the line #!/bin/bash');
      return {
        files: [{ path: STARTUP_SCRIPT, content: Buffer.from(init.script), mode: 0o755 }],
        command: ['/bin/bash', STARTUP_SCRIPT],
        everyBoot: true,
        log: 'var/log/startup-script.log',
      };
  }
}

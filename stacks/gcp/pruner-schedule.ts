import { ServiceIamMember } from '@pulumi/gcp/cloudrunv2/serviceIamMember.js';
import { Job } from '@pulumi/gcp/cloudscheduler/job.js';
import { Account } from '@pulumi/gcp/serviceaccount/account.js';
import * as pulumi from '@pulumi/pulumi';
import type { GcpNames } from './names.ts';
import { PRUNER_TIMEOUT_SECONDS } from './pruner.ts';
import type { GcpSettings } from './settings.ts';

export interface PrunerScheduleArgs {
  settings: GcpSettings;
  names: GcpNames;
  pruner: { functionName: pulumi.Output<string>; url: pulumi.Output<string> };
}

/** Wakes the pruner each minute, by an account of its own. Made after the group: a pruner without one can only fail. */
export class PrunerSchedule extends pulumi.ComponentResource {
  constructor(
    name: string,
    { settings, names, pruner }: PrunerScheduleArgs,
    options: pulumi.ComponentResourceOptions,
  ) {
    super('ebbtide:gcp:PrunerSchedule', name, {}, options);
    const { region } = settings.gcpProvider;
    const parent = { parent: this };
    const account = new Account(
      name,
      {
        accountId: names.schedulerAccount,
        displayName: `Wakes the pruner of the pool ${settings.pool.name}`,
      },
      parent,
    );
    const right = new ServiceIamMember(
      `${name}-wakes`,
      {
        name: pruner.functionName,
        location: region,
        role: 'roles/run.invoker',
        member: account.member,
      },
      parent,
    );
    new Job(
      `${name}-minute`,
      {
        name: names.schedule,
        region,
        description: `Wakes the function ${names.pruner}`,
        schedule: '* * * * *',
        timeZone: 'Etc/UTC',
        attemptDeadline: `${PRUNER_TIMEOUT_SECONDS}s`,
        // The next minute is the next try.
        retryConfig: { retryCount: 0 },
        httpTarget: {
          httpMethod: 'POST',
          uri: pruner.url,
          oidcToken: { serviceAccountEmail: account.email, audience: pruner.url },
        },
      },
      { parent: this, dependsOn: right },
    );
    this.registerOutputs();
  }
}

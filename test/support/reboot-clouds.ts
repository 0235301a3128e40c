import { applyProgram as applyToAws } from '../../lab/aws/apply.ts';
import type { AwsTwin } from '../../lab/aws/aws-twin.ts';
import { createTwin as createTwinAws } from '../../lab/aws/twin.ts';
import { applyProgram as applyToAzure } from '../../lab/azure/apply.ts';
import type { AzureTwin } from '../../lab/azure/azure-twin.ts';
import { createTwin as createTwinAzure } from '../../lab/azure/twin.ts';
import type { ToldFault } from '../../lab/cloud/faults.ts';
import type { CloudName } from '../../lab/cloud/names.ts';
import type { TwinCloud, TwinRun } from '../../lab/cloud/twin-cloud.ts';
import { applyProgram as applyToOcean } from '../../lab/digitalocean/apply.ts';
import type { OceanTwin } from '../../lab/digitalocean/ocean-twin.ts';
import { createTwin as createTwinOcean } from '../../lab/digitalocean/twin.ts';
import { applyProgram as applyToGcp } from '../../lab/gcp/apply.ts';
import type { GcpTwin } from '../../lab/gcp/gcp-twin.ts';
import { createTwin as createTwinGcp } from '../../lab/gcp/twin.ts';
import type { Application } from '../../lab/pulumi/apply.ts';
import { outOfOrder } from './out-of-order.ts';

/** A twin that can be made again and again, and where its registry lies. */
export interface Fleet<Twin extends TwinCloud> {
  create(run: TwinRun): Twin;
  registry: string;
}

/** What differs from cloud to cloud when a machine boots again. */
export interface RebootCloud<Twin extends TwinCloud = TwinCloud> {
  name: CloudName;
  apply(application: Application): Promise<Fleet<Twin>>;
  /** One of three is too many. `idle`: whether that is because nodes have little to do. */
  wantFewer: { idle: boolean; tell(twin: Twin): void };
  /** From now on nobody takes a machine away, until what it answers is called. */
  hold(twin: Twin): ToldFault;
  /** Where what it was handed says what it does, and what it says at a later boot; undefined: it does not run again. */
  boot: { log: string; again: RegExp | undefined };
}

const CLOUD_INIT = { log: 'var/log/cloud-init-output.log', again: undefined };

export const ON_AWS: RebootCloud<AwsTwin> = {
  name: 'aws',
  async apply(application) {
    const { model } = await applyToAws(application);
    return { create: (run) => createTwinAws({ model, ...run }), registry: model.buckets[0]?.name ?? '' };
  },
  wantFewer: { idle: false, tell: (twin) => twin.setDesiredCapacity(2) },
  hold: ({ faults }) => outOfOrder(faults, { service: 'autoscaling', action: 'CompleteLifecycleAction' }),
  boot: CLOUD_INIT,
};

export const ON_AZURE: RebootCloud<AzureTwin> = {
  name: 'azure',
  async apply(application) {
    const { model } = await applyToAzure(application);
    return { create: (run) => createTwinAzure({ model, ...run }), registry: model.accounts[0]?.name ?? '' };
  },
  // Whoever sets a smaller size there deletes machines: it is the runbook that finds one too many.
  wantFewer: { idle: true, tell: () => undefined },
  hold: ({ faults }) => outOfOrder(faults, { service: 'arm', action: 'VirtualMachineScaleSetVMs_Delete' }),
  boot: CLOUD_INIT,
};

export const ON_DIGITALOCEAN: RebootCloud<OceanTwin> = {
  name: 'digitalocean',
  async apply(application) {
    const { model } = await applyToOcean(application);
    const registry = model.buckets.find(({ name }) => name.endsWith('-statuses'))?.name ?? '';
    return { create: (run) => createTwinOcean({ model, ...run }), registry };
  },
  // There is no size to set: the orchestrator finds one too many.
  wantFewer: { idle: true, tell: () => undefined },
  hold: ({ faults }) => outOfOrder(faults, { service: 'api', action: 'droplets_destroy' }),
  boot: CLOUD_INIT,
};

export const ON_GCP: RebootCloud<GcpTwin> = {
  name: 'gcp',
  async apply(application) {
    const { model } = await applyToGcp(application);
    return { create: (run) => createTwinGcp({ model, ...run }), registry: model.buckets[0]?.name ?? '' };
  },
  wantFewer: { idle: false, tell: (twin) => twin.setDesiredCapacity(2) },
  hold: ({ faults }) => outOfOrder(faults, { service: 'compute', action: 'instances.delete' }),
  boot: { log: 'var/log/startup-script.log', again: /boot-was-done/ },
};

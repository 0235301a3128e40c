import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TwinEvent } from '../cloud/events.ts';
import type { TwinCloud } from '../cloud/twin-cloud.ts';
import type { MachineFactory } from '../machine.ts';
import { type Account, createAccount } from '../pulumi/provider/account.ts';
import type { LivingCloud } from '../pulumi/provider/living-cloud.ts';
import { serveProvider } from '../pulumi/provider/server.ts';
import type { StackValues } from './project.ts';

/** A twin that has nothing yet, behind the provider protocol. */
export interface LocalCloud<Twin extends TwinCloud = TwinCloud> {
  twin: Twin;
  account: Account;
  /** With which `pulumi`, and what it starts, find this cloud and may do everything in it. */
  environment: Record<string, string>;
  close(): Promise<void>;
}

export interface LocalCloudOptions {
  /** Of the stack that is to come: they say where the cloud is. */
  values: StackValues;
  machines: MachineFactory;
  /** How many times faster than real time the cloud's slow clocks run. */
  factor: number;
  onEvent?: (event: TwinEvent) => void;
}

const PROGRAM = fileURLToPath(new URL('../../stacks/index.ts', import.meta.url));

/** `twin` has started. `environment`: where its services are, and a person's credentials. */
export async function openLocalCloud<Twin extends TwinCloud>(
  twin: Twin,
  living: LivingCloud,
  environment: Record<string, string>,
): Promise<LocalCloud<Twin>> {
  const account = createAccount(living, dirname(PROGRAM));
  const front = await serveProvider(account, living);
  return {
    twin,
    account,
    environment: { PULUMI_DEBUG_PROVIDERS: `${living.paper.provider}:${front.port}`, ...environment },
    async close() {
      await front.close();
      await twin.close();
    },
  };
}

/** A key of the stack that says where its cloud is. */
export function placeIn(values: StackValues, key: string): string {
  const value = values[key];
  if (typeof value === 'string') return value;
  throw new Error(`the stack has no ${key}: the twin must know where it is`);
}

import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AwsTwin } from '../aws/aws-twin.ts';
import { ACCOUNT, type Place } from '../aws/identifiers.ts';
import { type Account, createAccount } from '../aws/provider/account.ts';
import { serveProvider } from '../aws/provider/server.ts';
import { readModel } from '../aws/read-model.ts';
import { createTwin } from '../aws/twin.ts';
import type { TwinEvent } from '../cloud/events.ts';
import type { MachineFactory } from '../machine.ts';

/** A twin AWS that has nothing yet, behind the provider protocol. */
export interface LocalAws {
  twin: AwsTwin;
  account: Account;
  /** With which `pulumi`, and what it starts, find this cloud and may do everything in it. */
  environment: Record<string, string>;
  close(): Promise<void>;
}

export interface LocalAwsOptions {
  region: string;
  machines: MachineFactory;
  /** How many times faster than real time the cloud's slow clocks run. */
  factor: number;
  onEvent?: (event: TwinEvent) => void;
}

const PROGRAM = fileURLToPath(new URL('../../stacks/index.ts', import.meta.url));

export async function startLocalAws({
  region,
  machines,
  factor,
  onEvent,
}: LocalAwsOptions): Promise<LocalAws> {
  const place: Place = { account: ACCOUNT, region, partition: 'aws' };
  const twin = createTwin({
    model: readModel([], place),
    machines,
    mode: 'ebbtide',
    factor,
    ...(onEvent === undefined ? {} : { onEvent }),
  });
  await twin.start();
  const account = createAccount({ place, directory: dirname(PROGRAM), twin });
  const front = await serveProvider(account, { place, existing: [] });
  const { accessKeyId, secretAccessKey, sessionToken } = twin.assumeOperator();
  return {
    twin,
    account,
    environment: {
      PULUMI_DEBUG_PROVIDERS: `aws:${front.port}`,
      AWS_ENDPOINT_URL: twin.endpoint,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_SESSION_TOKEN: sessionToken,
    },
    async close() {
      await front.close();
      await twin.close();
    },
  };
}

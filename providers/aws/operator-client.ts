import { type AwsClient, createAwsClient } from '../../fleet/aws/client.ts';
import { operatorCredentials } from '../../fleet/aws/operator-credentials.ts';
import { REQUEST_TIMEOUT_MS } from '../sweep-state.ts';

/** With the operator's own credentials, as `pulumi` itself has them. */
export function operatorClient(
  { region, profile }: { region: string; profile?: string | undefined },
  environment: Readonly<Record<string, string | undefined>>,
): AwsClient {
  return createAwsClient({
    region,
    credentials: operatorCredentials(profile),
    environment,
    timeoutMs: REQUEST_TIMEOUT_MS,
  });
}

import { type AwsClient, createAwsClient } from '../../fleet/aws/client.ts';
import { credentialsFromEnvironment } from '../../fleet/aws/credentials.ts';

/** A client with the rights and in the region that Lambda gives a function by the standard variables. */
export function connectToAws(
  environment: Readonly<Record<string, string | undefined>>,
  timeoutMs: number,
): AwsClient {
  const region = environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION;
  const credentials = credentialsFromEnvironment(environment);
  if (!region || credentials === undefined) {
    throw new Error(
      'AWS_REGION, AWS_ACCESS_KEY_ID or AWS_SECRET_ACCESS_KEY is not set: this runs as a Lambda function',
    );
  }
  return createAwsClient({ region, credentials, environment, timeoutMs });
}

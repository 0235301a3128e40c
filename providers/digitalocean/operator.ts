import { createRealClock } from '../../fleet/clock.ts';
import { createDigitalOceanClient, type DigitalOceanClient } from '../../fleet/digitalocean/client.ts';
import { operatorToken } from '../../fleet/digitalocean/operator-token.ts';
import { createFunctionsApi } from './functions/api.ts';
import type { Services } from './functions/kind.ts';
import { createWhisk } from './functions/whisk.ts';

/** Who runs Pulumi. `token` and `endpoint` as its configuration has them. */
export interface Operator {
  token?: string | undefined;
  endpoint?: string | undefined;
  environment: Readonly<Record<string, string | undefined>>;
}

/** DigitalOcean, with the operator's own rights: token and address as Pulumi's own provider finds them. */
export function createOperator(
  { token, endpoint, environment }: Operator,
  timeoutMs: number,
): Services & { client: DigitalOceanClient } {
  const client = createDigitalOceanClient({
    token: async () => operatorToken(token, environment),
    environment: { ...environment, ...(endpoint ? { DIGITALOCEAN_API_URL: endpoint } : {}) },
    clock: createRealClock(),
    timeoutMs,
  });
  const api = createFunctionsApi(client);
  return {
    client,
    api,
    async inside(id) {
      const found = await api.namespace(id);
      if (found === undefined) return undefined;
      const { apiHost, credentials } = found;
      if (credentials === undefined)
        throw new Error(`DigitalOcean does not tell the key of the Functions namespace ${id}`);
      return { apiHost, whisk: createWhisk({ apiHost, credentials, timeoutMs }) };
    },
  };
}

import type { GoogleStandIn } from './google-stand-in.ts';
import { type Delay, serveStandIn } from './stand-in-server.ts';

export interface GoogleServer {
  /** What points a program at it. */
  environment: Record<string, string>;
  close(): void;
}

/** The stand-in as a server on 127.0.0.1, which takes its time over each answer. */
export async function serveGoogle(google: GoogleStandIn, delay: Delay = 0): Promise<GoogleServer> {
  const { url, port, close } = await serveStandIn((request) => google.answer(request), delay);
  return {
    environment: {
      GCE_METADATA_HOST: `127.0.0.1:${port}`,
      CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE: url,
      CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: url,
    },
    close,
  };
}

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { readConfig } from './config.ts';
import { TwinServer } from './twin-server.ts';

/** Long enough for the last goodbyes to be written, as short as the real server's own end. */
const GOODBYE_MS = 20;

function log(level: string, message: string, fields: Record<string, unknown> = {}): void {
  process.stdout.write(
    `${new Date().toISOString()}\t${level}\tlivekit\ttwin\t${message}\t${JSON.stringify(fields)}\n`,
  );
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { config: { type: 'string' }, version: { type: 'boolean' } } });
  if (values.version) {
    process.stdout.write('livekit-server version 1.13.5 (twin)\n');
    return;
  }
  if (values.config === undefined) throw new Error('say where the configuration is: --config FILE');
  const config = readConfig(readFileSync(values.config, 'utf8'));
  const server = new TwinServer(config, () => setTimeout(() => process.exit(0), GOODBYE_MS));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGQUIT'] as const) {
    process.on(signal, () =>
      log('INFO', 'exit requested, shutting down', { signal, outcome: server.signalled() }),
    );
  }
  await server.start();
  log('INFO', 'starting LiveKit server', { portHttp: config.signalPort, nodeID: server.nodeId });
}

// Like the real server, which prints what is wrong and exits with 0: an exit of 0 is no proof of an orderly end.
main().catch((error: unknown) => {
  process.stdout.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(0);
});

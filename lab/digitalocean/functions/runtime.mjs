// What runs inside a function's container: loads what the archive has, and answers one activation at a time.
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [, , directory, handlerName] = process.argv;

function describe(error) {
  return error instanceof Error
    ? { errorType: error.name, errorMessage: error.message, trace: error.stack }
    : { errorType: typeof error, errorMessage: String(error) };
}

try {
  const module = createRequire(import.meta.url)(join(directory, 'index.js'));
  const handler = module[handlerName];
  if (typeof handler !== 'function') throw new Error(`Action entrypoint '${handlerName}' is not a function.`);
  process.on('message', async ({ id, event, deadline }) => {
    const context = {
      activationId: id,
      requestId: id,
      apiHost: process.env.__OW_API_HOST,
      functionName: process.env.__OW_ACTION_NAME,
      functionVersion: process.env.__OW_ACTION_VERSION,
      namespace: process.env.__OW_NAMESPACE,
      deadline,
      getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
    };
    try {
      process.send({ id, answer: (await handler(event, context)) ?? null });
    } catch (error) {
      process.send({ id, error: describe(error) });
    }
  });
  // A twin that was killed leaves no function behind.
  process.on('disconnect', () => process.exit());
  process.send({ ready: true });
} catch (error) {
  process.send({ error: describe(error) });
  process.exitCode = 1;
}

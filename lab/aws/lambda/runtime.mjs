// What runs inside a function's process: loads the handler from the unpacked archive and answers one event at a time.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [, , directory, handlerName] = process.argv;
const [file, exported] = handlerName.split('.');

async function load() {
  const name = ['.mjs', '.cjs', '.js'].map((extension) => join(directory, file + extension)).find(existsSync);
  if (name === undefined) throw new Error(`Cannot find module '${file}': it is not in the archive`);
  const module = await import(pathToFileURL(name));
  const handler = module[exported] ?? module.default?.[exported];
  if (typeof handler !== 'function') throw new Error(`${handlerName} is undefined or not exported`);
  return handler;
}

function describe(error) {
  return error instanceof Error
    ? { errorType: error.name, errorMessage: error.message, trace: error.stack }
    : { errorType: typeof error, errorMessage: String(error) };
}

try {
  const handler = await load();
  process.on('message', async ({ id, event, deadline }) => {
    const context = {
      awsRequestId: id,
      functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
      functionVersion: '$LATEST',
      invokedFunctionArn: process.env.EBBTIDE_LAB_FUNCTION_ARN,
      memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
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

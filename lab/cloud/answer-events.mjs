// What runs inside a function's process, whatever the cloud: answers one event after the other (lab/cloud/sandbox.ts).

function describe(error) {
  return error instanceof Error
    ? { errorType: error.name, errorMessage: error.message, trace: error.stack }
    : { errorType: typeof error, errorMessage: String(error) };
}

/** `load` gives the handler; `contextOf`: what its cloud tells it beside the event. */
export async function answerEvents(load, contextOf) {
  try {
    const handler = await load();
    process.on('message', async ({ id, event, deadline }) => {
      const left = { getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()) };
      try {
        process.send({ id, answer: (await handler(event, { ...contextOf(id, deadline), ...left })) ?? null });
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
}

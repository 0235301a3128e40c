/**
 * Runs something long that a person may interrupt, by a signal or by reading no further (`npm start | head`). Whoever asks
 * twice does not want to wait until all is cleared away: the process then ends with `exitCode`.
 */
export async function interruptible<Result>(
  exitCode: number,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const interrupted = new AbortController();
  const interrupt = () => {
    if (interrupted.signal.aborted) process.exit(exitCode);
    interrupted.abort();
  };
  // Heard until the end: while somebody listens, nobody else ends the process.
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  // Each further line that nobody reads fails too: that is no second asking, and the last ones may fail when all is over.
  process.stdout.on('error', () => interrupted.abort());
  try {
    return await work(interrupted.signal);
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}

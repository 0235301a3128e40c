import { main } from './cli.ts';

main(process.argv.slice(2), process.env).then(
  (code) => {
    if (code !== undefined) process.exit(code);
  },
  (cause: unknown) => {
    process.stderr.write(
      `ebbtide-agent: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}\n`,
    );
    process.exitCode = 1;
  },
);

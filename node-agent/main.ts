import { main } from './cli.ts';
import { launch } from './update/launch.ts';

const commandLine = process.argv.slice(2);
const program = launch(commandLine, process.argv[1] ?? '', process.env);
if (program !== undefined) {
  main(commandLine, process.env, program).then(
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
}

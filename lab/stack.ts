import { localStackCommand } from './local-stack/command.ts';

process.exit(await localStackCommand(process.argv.slice(2)));

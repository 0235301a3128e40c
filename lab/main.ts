import { rehearsalCommand } from './rehearsal/command.ts';

process.exit(await rehearsalCommand(process.argv.slice(2)));

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { findProgram } from '../instance/tools.ts';

/** The real server's program; an error says where it was looked for. */
export function findLiveKit(livekitServer: string | undefined): string {
  const program = livekitServer === undefined ? findProgram('livekit-server') : resolve(livekitServer);
  if (program !== undefined && existsSync(program)) return program;
  const where = program === undefined ? 'livekit-server is not in PATH' : `there is no ${program}`;
  throw new Error(`${where}: say where the real server is with --livekit-server PATH`);
}

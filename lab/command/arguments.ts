/** What was typed behind a command of the lab. */
export type ReadArguments<Arguments> =
  | { kind: 'go'; arguments: Arguments }
  | { kind: 'help' }
  | { kind: 'wrong'; problem: string };

/** Whatever `read` throws is what is wrong with what was typed. */
export function readingArguments<Arguments>(read: () => ReadArguments<Arguments>): ReadArguments<Arguments> {
  try {
    return read();
  } catch (error) {
    // parseArgs tells what is wrong with a flag in its first sentence; the rest is about its own API.
    const problem = error instanceof Error ? (error.message.split('. ')[0] ?? error.message) : String(error);
    return { kind: 'wrong', problem };
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** npm keeps for itself what is typed without `--` in front of it (`npm start --cloud=gcp`), and tells only this way. */
export function refuseWhatNpmTook(flags: readonly string[], environment: Environment): void {
  const taken = flags.find((flag) => environment[`npm_config_${flag.replaceAll('-', '_')}`] !== undefined);
  if (taken !== undefined)
    throw new Error(
      `npm took --${taken} for itself: what is meant for the command goes behind a -- of its own`,
    );
}

export function wholeNumber(flag: string, written: string, least: number, most: number): number {
  const value = Number(written);
  if (written.trim() !== '' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new Error(`${flag} ${written} must be a whole number from ${least} to ${most}`);
}

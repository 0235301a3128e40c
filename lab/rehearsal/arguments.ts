import { parseArgs } from 'node:util';
import { CLOUD_NAMES, CLOUDS_TOLD, type CloudName, readCloudName } from '../cloud/names.ts';
import {
  type Environment,
  type ReadArguments,
  readingArguments,
  refuseWhatNpmTook,
  wholeNumber,
} from '../command/arguments.ts';

export interface RehearsalArguments {
  /** One after the other. */
  clouds: readonly CloudName[];
  /** `container`: the twin of LiveKit as a container, on nodes with a twin of Docker. */
  media: 'twin' | 'container' | 'livekit';
  /** A real livekit-server; only with media `livekit`. */
  livekitServer?: string;
  /** How many times faster than real time the cloud's slow clocks run. */
  factor: number;
  seed: number;
  /** Where the report is written, as JSON. */
  json?: string;
}

export const USAGE = `Rehearses a day of a media fleet on this machine: the Pulumi program, agents and functions are real, the cloud is a twin.
Beside it runs the same day without Ebbtide. At the end: a table, and exit code 0 only if Ebbtide cut no call,
leaked no machine and was refused nothing.

  npm start -- [options]

  --cloud NAME            only this cloud: ${CLOUDS_TOLD}; may be given more than once
                                                                                  [all, one after the other]
  --media KIND            twin: stands in for LiveKit, needs nothing; container: the same as a container
                          image, with a twin of Docker; livekit: the real server                        [twin]
  --livekit-server PATH   the real livekit-server; else EBBTIDE_LIVEKIT_SERVER, else it is looked for in PATH
  --factor N              how many times faster the cloud's slow clocks run, 1 to 240; the day passes with them  [60]
  --seed N                another day: the same seed gives the same rooms and people                    [1]
  --json FILE             write the report to FILE
  --help                  this text
`;

/** `environment` gives what flags leave out. */
export function readArguments(
  argv: readonly string[],
  environment: Environment,
): ReadArguments<RehearsalArguments> {
  return readingArguments(() => read(argv, environment));
}

function read(argv: readonly string[], environment: Environment): ReadArguments<RehearsalArguments> {
  refuseWhatNpmTook(['cloud', 'media', 'livekit-server', 'factor', 'seed'], environment);
  const { values } = parseArgs({
    args: [...argv],
    allowPositionals: false,
    options: {
      cloud: { type: 'string', multiple: true },
      media: { type: 'string', default: 'twin' },
      'livekit-server': { type: 'string' },
      factor: { type: 'string', default: '60' },
      seed: { type: 'string', default: '1' },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return { kind: 'help' };
  const { cloud, media, json } = values;
  if (media !== 'twin' && media !== 'container' && media !== 'livekit')
    throw new Error(`--media ${media} is neither twin nor container nor livekit`);
  if (values['livekit-server'] !== undefined && media !== 'livekit') {
    throw new Error('--livekit-server is of no use without --media livekit');
  }
  if (json === '') throw new Error('--json needs the name of a file');
  const livekitServer = values['livekit-server'] ?? environment.EBBTIDE_LIVEKIT_SERVER;
  return {
    kind: 'go',
    arguments: {
      clouds: cloud === undefined ? CLOUD_NAMES : [...new Set(cloud.map(readCloudName))],
      media,
      factor: wholeNumber('--factor', values.factor, 1, 240),
      seed: wholeNumber('--seed', values.seed, 0, 4_294_967_295),
      ...(media === 'livekit' && livekitServer ? { livekitServer } : {}),
      ...(json === undefined ? {} : { json }),
    },
  };
}

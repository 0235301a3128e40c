import { livekitTemplate } from './livekit-config.ts';
import type { RightPart } from './right-part.ts';
import type { Problem } from './settings-errors.ts';
import type { SettingsFiles } from './settings-files.ts';
import type { LivekitMedia, OpenviduMedia, SharedSettings } from './settings-schema.ts';

interface ReadMedia {
  /** LiveKit's config; undefined for a media server whose config is not ours. */
  template: string | undefined;
  problems: Problem[];
  warnings: Problem[];
}

/** The media server's config template, and what is wrong with it or with what installs the server. */
export function readMedia(settings: RightPart<SharedSettings>, files: SettingsFiles): ReadMedia {
  const { media } = settings;
  switch (media?.kind) {
    case 'livekit': {
      const { template, problems, warnings } = readTemplate(media, settings, files);
      return { template, problems: [...livekitProblems(media, settings, files), ...problems], warnings };
    }
    case 'openvidu':
      return {
        template: undefined,
        problems: openviduProblems(media, settings, files),
        warnings: openviduWarnings(media),
      };
    case undefined:
      return { template: undefined, problems: [], warnings: [] };
  }
}

const WAYS = ['artifact', 'image', 'setup'] as const;
/** Below it, a user who is not root needs a right of its own to listen. */
export const FIRST_FREE_PORT = 1024;

function livekitProblems(
  media: RightPart<LivekitMedia>,
  { pool }: RightPart<SharedSettings>,
  files: SettingsFiles,
): Problem[] {
  const problems: Problem[] = [];
  const ways = WAYS.filter((way) => way in media);
  if (ways.length !== 1) {
    const has = ways.length === 0 ? 'has nothing to install' : `has ${ways.join(' and ')}`;
    problems.push({
      key: 'media',
      says: `${has}: must have exactly one of artifact (the server itself), image (a container image by digest) and setup (a script of your own)`,
    });
  }
  if (media.artifact !== undefined) problems.push(...artifactProblems(media.artifact, files));
  if (media.setup !== undefined) {
    problems.push(...fileProblems('media.setup', media.setup, files), ...scriptProblems(media.setup, pool));
  }
  if ('image' in media) {
    for (const [name, written] of Object.entries(media.ports ?? {})) {
      const first = Number.parseInt(String(written), 10);
      if (written === undefined || first >= FIRST_FREE_PORT) continue;
      problems.push({
        key: `media.ports.${name}`,
        says:
          `is ${written}: must be ${FIRST_FREE_PORT} or above with ebbtide:media.image, since the container's user is not ` +
          'root and has no right to listen below; ebbtide:media.artifact has it',
      });
    }
  }
  return problems;
}

/** A script, all of it; none at all only where the machines of the operator's own group have the server. */
function scriptProblems(
  setup: RightPart<NonNullable<LivekitMedia['setup']>>,
  pool: RightPart<SharedSettings>['pool'],
): Problem[] {
  const missing = (['file', 'sha256'] as const).filter((name) => !(name in setup));
  const bringIt = pool === undefined || 'existingGroup' in pool;
  if (missing.length === 0 || (missing.length === 2 && bringIt)) return [];
  const instead = bringIt
    ? '; or leave out both, where the machines of ebbtide:pool.existingGroup bring it'
    : '';
  return missing.map((name) => ({
    key: `media.setup.${name}`,
    says: `is missing: must be given, as file and sha256 of the script that sets LiveKit up${instead}`,
  }));
}

function readTemplate(
  media: RightPart<LivekitMedia>,
  { mediaSecrets }: RightPart<SharedSettings>,
  files: SettingsFiles,
): ReadMedia {
  const problems: Problem[] = [];
  const { config, ports = {} } = media;
  if (isBroughtAlong(media)) {
    const says =
      'is of no use where ebbtide:media.setup has no file: LiveKit has its own config there; leave it out';
    return {
      template: undefined,
      problems: 'config' in media ? [{ key: 'media.config', says }] : [],
      warnings: [],
    };
  }
  // Of a template that is wrong by itself nothing more can be told.
  if ('config' in media && config === undefined) return { template: undefined, problems, warnings: [] };

  const file = typeof config === 'object' ? config.file : undefined;
  const ofFile = file === undefined ? undefined : files.text(file);
  if (file !== undefined && ofFile === undefined) problems.push(noSuchFile('media.config.file', file));
  const written = typeof config === 'string' ? config : ofFile;
  // Of secrets that are wrong, the errors speak elsewhere: they are not missing.
  const isGiven = (name: 'keys' | 'redis') => mediaSecrets === undefined || name in mediaSecrets;
  const livekit = livekitTemplate(written, { keys: isGiven('keys'), redis: isGiven('redis') }, ports);
  return { ...livekit, problems: [...problems, ...livekit.problems] };
}

/** The machines of the operator's own group have it, and start it by themselves. */
function isBroughtAlong({ setup }: RightPart<LivekitMedia>): boolean {
  return setup !== undefined && !('file' in setup) && !('sha256' in setup);
}

function openviduProblems(
  media: RightPart<OpenviduMedia>,
  { pool }: RightPart<SharedSettings>,
  files: SettingsFiles,
): Problem[] {
  if (media.setup !== undefined) return fileProblems('media.setup', media.setup, files);
  // What is wrong of these is told by itself.
  const isInImage =
    pool === undefined ||
    'existingGroup' in pool ||
    ('imageHasSoftware' in pool && pool.imageHasSoftware !== false);
  if ('setup' in media || isInImage) return [];
  return [
    {
      key: 'media.setup',
      says:
        "is missing: must be the script that installs OpenVidu's media node ({file, sha256}), or be left out with " +
        'ebbtide:pool.imageHasSoftware, for an image that has it already, or with ebbtide:pool.existingGroup, whose machines have it',
    },
  ];
}

/** A deployment without ingress may go without it. */
function openviduWarnings({ ingress }: RightPart<OpenviduMedia>): Problem[] {
  if (ingress !== undefined && 'metricsPort' in ingress) return [];
  return [
    {
      key: 'media.ingress.metricsPort',
      says:
        'is missing: ingress tells its jobs on its prometheus_port only. A node on which an ingress runs then never knows ' +
        'its work, so it never serves and never leaves (AWS replaces it after ebbtide:aws.launchTimeout, again and again, ' +
        "and `pulumi up` fails). Set prometheus_port in ingress' configuration, and this to the same port",
    },
  ];
}

function artifactProblems(
  artifact: RightPart<NonNullable<LivekitMedia['artifact']>>,
  files: SettingsFiles,
): Problem[] {
  const packed = /[^/?#]*\.(tar\.gz|tgz)(?=$|[?#])/i.exec(artifact.file ?? artifact.url ?? '')?.[0];
  const problems = fileProblems('media.artifact', artifact, files);
  if (packed !== undefined && !('member' in artifact)) {
    problems.push({
      key: 'media.artifact.member',
      says: `is missing: ${packed} is an archive, and this names the one file in it that is the server, such as "livekit-server"`,
    });
  }
  return problems;
}

/** Of a url nothing can be told before somebody has fetched it: nodes check its sum. */
function fileProblems(
  key: string,
  { file, sha256 }: { file?: string | undefined; sha256?: string | undefined },
  files: SettingsFiles,
): Problem[] {
  if (file === undefined) return [];
  const found = files.sha256(file);
  if (found === undefined) return [noSuchFile(`${key}.file`, file)];
  if (sha256 === undefined || found === sha256) return [];
  return [
    {
      key: `${key}.sha256`,
      says: `is ${sha256}: but ${file} has ${found}. Take that, if it is the file you mean`,
    },
  ];
}

function noSuchFile(key: string, file: string): Problem {
  return { key, says: `is "${file}": there is no such file, seen from the folder of Pulumi.yaml` };
}

import { livekitTemplate } from './livekit-config.ts';
import type { RightPart } from './right-part.ts';
import type { Problem } from './settings-errors.ts';
import type { SettingsFiles } from './settings-files.ts';
import type { SharedSettings } from './settings-schema.ts';

/** The media server's config template, and what is wrong with it or with the file that holds the server. */
export function readMedia(
  { media, mediaSecrets }: RightPart<SharedSettings>,
  files: SettingsFiles,
): { template: string; problems: Problem[]; warnings: Problem[] } {
  const problems = media?.artifact === undefined ? [] : artifactProblems(media.artifact, files);
  const { config, ports = {} } = media ?? {};
  // Of a template that is wrong by itself nothing more can be told.
  if (media === undefined || ('config' in media && config === undefined))
    return { template: '', problems, warnings: [] };

  const file = typeof config === 'object' ? config.file : undefined;
  const ofFile = file === undefined ? undefined : files.text(file);
  if (file !== undefined && ofFile === undefined) {
    problems.push({
      key: 'media.config.file',
      says: `is "${file}": there is no such file, seen from the folder of Pulumi.yaml`,
    });
  }
  const written = typeof config === 'string' ? config : ofFile;
  // Of secrets that are wrong, the errors speak elsewhere: they are not missing.
  const isGiven = (name: 'keys' | 'redis') => mediaSecrets === undefined || name in mediaSecrets;
  const livekit = livekitTemplate(written, { keys: isGiven('keys'), redis: isGiven('redis') }, ports);
  return { ...livekit, problems: [...problems, ...livekit.problems] };
}

type Artifact = RightPart<SharedSettings['media']['artifact']>;

function artifactProblems(artifact: Artifact, files: SettingsFiles): Problem[] {
  const packed = /[^/?#]*\.(tar\.gz|tgz)(?=$|[?#])/i.exec(artifact.file ?? artifact.url ?? '')?.[0];
  const problems = fileProblems(artifact, files);
  if (packed !== undefined && !('member' in artifact)) {
    problems.push({
      key: 'media.artifact.member',
      says: `is missing: ${packed} is an archive, and this names the one file in it that is the server, such as "livekit-server"`,
    });
  }
  return problems;
}

/** Of a url nothing can be told before somebody has fetched it: nodes check its sum. */
function fileProblems({ file, sha256 }: Artifact, files: SettingsFiles): Problem[] {
  if (file === undefined) return [];
  const found = files.sha256(file);
  if (found === undefined) {
    return [
      {
        key: 'media.artifact.file',
        says: `is "${file}": there is no such file, seen from the folder of Pulumi.yaml`,
      },
    ];
  }
  if (sha256 === undefined || found === sha256) return [];
  return [
    {
      key: 'media.artifact.sha256',
      says: `is ${sha256}: but ${file} has ${found}. Take that, if it is the file you mean`,
    },
  ];
}

import * as v from 'valibot';
import { livekitTemplate } from './livekit-config.ts';
import type { Problem } from './settings-errors.ts';
import type { SettingsFiles } from './settings-files.ts';
import { partOfMedia, type SharedSettings } from './settings-schema.ts';

/** The media server's config template, and what is wrong with it or with the file that holds the server. */
export function readMedia(
  { media, mediaSecrets }: Partial<SharedSettings>,
  writtenMedia: unknown,
  files: SettingsFiles,
): { template: string; problems: Problem[]; warnings: Problem[] } {
  const part = v.safeParse(partOfMedia, writtenMedia);
  if (!part.success) return { template: '', problems: [], warnings: [] };
  const { config, ports } = part.output;
  const problems = media === undefined ? [] : artifactProblems(media.artifact, files);

  const written = typeof config === 'object' ? files.text(config.file) : config;
  if (typeof config === 'object' && written === undefined) {
    problems.push({
      key: 'media.config.file',
      says: `is "${config.file}": there is no such file, seen from the folder of Pulumi.yaml`,
    });
  }
  // Of secrets that did not parse, the errors speak elsewhere.
  const has = { keys: mediaSecrets?.keys !== undefined, redis: mediaSecrets?.redis !== undefined };
  const livekit = livekitTemplate(
    written,
    mediaSecrets === undefined ? { keys: true, redis: true } : has,
    ports,
  );
  return { ...livekit, problems: [...problems, ...livekit.problems] };
}

type Artifact = SharedSettings['media']['artifact'];

function artifactProblems(artifact: Artifact, files: SettingsFiles): Problem[] {
  const packed = /[^/?#]*\.(tar\.gz|tgz)(?=$|[?#])/i.exec(artifact.file ?? artifact.url ?? '')?.[0];
  const problems = fileProblems(artifact, files);
  if (packed !== undefined && artifact.member === undefined) {
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
  if (found === sha256) return [];
  return [
    {
      key: 'media.artifact.sha256',
      says: `is ${sha256}: but ${file} has ${found}. Take that, if it is the file you mean`,
    },
  ];
}

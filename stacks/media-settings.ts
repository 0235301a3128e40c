import * as v from 'valibot';
import { livekitTemplate } from './livekit-config.ts';
import type { Problem } from './settings-errors.ts';
import type { SettingsFiles } from './settings-files.ts';
import { mediaConfig, type SharedSettings } from './settings-schema.ts';

/** As much of `media` as its template needs: it is looked at even where another of its keys is wrong. */
const partOfMedia = v.optional(v.object({ config: mediaConfig }), {});

/** The media server's config template, and what is wrong with it or with the file that holds the server. */
export function readMedia(
  { media, mediaSecrets }: Partial<SharedSettings>,
  writtenMedia: unknown,
  files: SettingsFiles,
): { template: string; problems: Problem[] } {
  const part = v.safeParse(partOfMedia, writtenMedia);
  if (!part.success) return { template: '', problems: [] };
  const { config } = part.output;
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
  const livekit = livekitTemplate(written, mediaSecrets === undefined ? { keys: true, redis: true } : has);
  return { template: livekit.template, problems: [...problems, ...livekit.problems] };
}

function artifactProblems(
  { file, sha256 }: SharedSettings['media']['artifact'],
  files: SettingsFiles,
): Problem[] {
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

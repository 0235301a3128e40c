import * as pulumi from '@pulumi/pulumi';
import { createAwsPool } from './aws/pool.ts';
import { createAzurePool } from './azure/pool.ts';
import { type Bundler, repositoryRoot } from './bundle.ts';
import { createDigitalOceanPool } from './digitalocean/pool.ts';
import { createGcpPool } from './gcp/pool.ts';
import type { PoolOutputs } from './pool.ts';
import { type RawConfig, readSettings } from './settings.ts';
import { SettingsError } from './settings-errors.ts';
import { createSettingsFiles } from './settings-files.ts';

/** The whole program: settings in, a pool out. Every run starts from nothing but the configuration. */
export async function runProgram(
  config: RawConfig,
  bundler: Bundler,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<PoolOutputs> {
  const { settings, warnings } = readSettingsOf(config);
  for (const warning of warnings) await pulumi.log.warn(warning);
  switch (settings.cloud) {
    case 'aws':
      return createAwsPool({ settings, bundler }, environment);
    case 'azure':
      return createAzurePool({ settings, bundler });
    case 'digitalocean':
      return createDigitalOceanPool({ settings, bundler }, environment);
    case 'gcp':
      return createGcpPool({ settings, bundler }, environment);
    default:
      return settings satisfies never;
  }
}

function readSettingsOf(config: RawConfig) {
  try {
    return readSettings(config, createSettingsFiles(repositoryRoot));
  } catch (error) {
    // What an operator wrote is told without a stack trace of ours.
    if (error instanceof SettingsError) throw withoutStack(new pulumi.RunError(error.message));
    throw error;
  }
}

/** Pulumi renders the stack of whatever ends a program, with every source map in it: that takes it 20 s, and shows none. */
function withoutStack(error: pulumi.RunError): pulumi.RunError {
  error.stack = error.message;
  return error;
}

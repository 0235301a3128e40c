import * as v from 'valibot';
import { awsCloud, awsSource } from './aws/node-settings.ts';
import { azureCloud, azureSource } from './azure/node-settings.ts';
import { digitalOceanCloud, digitalOceanSource } from './digitalocean/node-settings.ts';
import { gcpCloud, gcpSource } from './gcp/node-settings.ts';

/** The clouds that there are. Whatever else goes cloud by cloud is a table over these: what lacks a row does not compile. */
export const CLOUD_NAMES = ['aws', 'azure', 'digitalocean', 'gcp'] as const;
export type CloudName = (typeof CLOUD_NAMES)[number];

/** What an agent is told of its cloud. */
export const agentCloudSchema = v.variant('kind', [awsCloud, azureCloud, digitalOceanCloud, gcpCloud]);

/** Where a new node has its files and secrets from. */
export const bootSourceSchema = v.variant('kind', [awsSource, azureSource, digitalOceanSource, gcpSource]);

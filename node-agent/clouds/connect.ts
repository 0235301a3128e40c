import type { AgentConfig } from '../../fleet/agent-config.ts';
import type { CloudName } from '../../fleet/clouds.ts';
import { awsNode } from './aws/connect.ts';
import { azureNode } from './azure/connect.ts';
import { digitalOceanNode } from './digitalocean/connect.ts';
import { gcpNode } from './gcp/connect.ts';
import type { Connected, Environment, Network, NodeCloud, SettingsOf } from './node-cloud.ts';

/** A cloud more is a row more. */
const NODES: { readonly [Kind in CloudName]: NodeCloud<SettingsOf<Kind>> } = {
  aws: awsNode,
  azure: azureNode,
  digitalocean: digitalOceanNode,
  gcp: gcpNode,
};

/** What its kind of cloud is to a node. */
export function nodeCloudOf({ cloud }: Pick<AgentConfig, 'cloud'>): NodeCloud {
  return NODES[cloud.kind];
}

/** The cloud that a node is in, and its registry. */
export function connect(config: AgentConfig, environment: Environment, network: Network = {}): Connected {
  return nodeCloudOf(config).connect(config, config.cloud, environment, network);
}

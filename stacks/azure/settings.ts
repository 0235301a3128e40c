import * as v from 'valibot';
import { problemsBeyondAws } from '../beyond-aws.ts';
import type { CloudRules } from '../cloud-rules.ts';
import type { RightPart } from '../right-part.ts';
import { duration, ipv4Range, listOf, matching, section, someOf, yesOrNo } from '../schema.ts';
import type { Problem } from '../settings-errors.ts';
import { type CloudWords, type CommonSettings, diskSize, type SharedSettings } from '../settings-schema.ts';

const GROUP = '/subscriptions/[0-9a-f-]{36}/resourceGroups/[\\w.()-]+';
const NAME = '[\\w.-]+';
const idOf = (type: string) => `${GROUP}/providers/${type}/${NAME}`;

/** Of a scale set. */
const MOST_INSTANCES = 1000;

const azureWords: CloudWords = {
  existingGroup: matching(
    /^[A-Za-z0-9_]([\w.-]{0,62}[A-Za-z0-9_])?$/,
    'the name of a scale set, such as "media-nodes"',
  ),
  machineType: matching(/^(Standard|Basic)_[A-Za-z0-9_-]+$/, 'a size of machines, such as "Standard_D4s_v5"'),
  image: matching(
    new RegExp(
      `^(${NAME}:${NAME}:${NAME}:${NAME}|${idOf('Microsoft\\.Compute/images')}|${idOf('Microsoft\\.Compute/galleries')}/images/${NAME}(/versions/${NAME})?)$`,
      'i',
    ),
    'an image, such as "Debian:debian-13:13-gen2:latest", or the id of one of your own, such as ' +
      '"/subscriptions/…/resourceGroups/…/providers/Microsoft.Compute/galleries/GALLERY/images/IMAGE"',
  ),
  // The image of Debian has 30 GB, and no disk is smaller than its image.
  diskGb: diskSize(30, 4095, 30),
  mostNodes: MOST_INSTANCES,
  zones: someOf(matching(/^[1-9]$/, 'a zone, such as "1"'), { one: 'zone', many: 'zones' }),
  network: matching(
    new RegExp(`^${idOf('Microsoft\\.Network/virtualNetworks')}$`, 'i'),
    'the id of a virtual network: "/subscriptions/…/resourceGroups/…/providers/Microsoft.Network/virtualNetworks/NAME"',
  ),
  subnets: v.pipe(
    someOf(
      matching(
        new RegExp(`^${idOf('Microsoft\\.Network/virtualNetworks')}/subnets/${NAME}$`, 'i'),
        'the id of a subnet: "/subscriptions/…/virtualNetworks/NAME/subnets/NAME"',
      ),
      { one: 'subnet', many: 'subnets' },
    ),
    v.maxLength(1, 'must name one subnet: on Azure it spans all zones of the region'),
  ),
  balancers: listOf(
    matching(
      new RegExp(
        `^(${idOf('Microsoft\\.Network/loadBalancers')}|${idOf('Microsoft\\.Network/applicationGateways')})/backendAddressPools/${NAME}$`,
        'i',
      ),
      'the id of a backend pool: "/subscriptions/…/providers/Microsoft.Network/loadBalancers/NAME/backendAddressPools/NAME", or that of an application gateway',
    ),
    'backend pools',
  ),
  cidr: ipv4Range(8, 28),
  notify: listOf(
    matching(
      new RegExp(`^(${idOf('Microsoft\\.Insights/actionGroups')}|[^@\\s/]+@[^@\\s/]+\\.[^@\\s/]+)$`, 'i'),
      'the id of an action group, "/subscriptions/…/providers/Microsoft.Insights/actionGroups/NAME", or an e-mail address',
    ),
    'action groups and e-mail addresses',
  ),
};

/** Azure takes 50 on most things, and 15 on autoscale settings and whatever is Automation's; the pool has one of its own. */
const MOST_TAGS = 14;

const tags = v.pipe(
  v.record(
    matching(
      /^(?!ebbtide|microsoft|azure|windows)[^<>%&\\?/]{1,128}$/i,
      'a tag of at most 128 characters without < > % & \\ ? /, which does not start with "ebbtide", "microsoft", "azure" or "windows"',
    ),
    v.pipe(v.string('must be text'), v.maxLength(256, 'must have at most 256 characters')),
    'must be a group of tags',
  ),
  v.check((all) => Object.keys(all).length <= MOST_TAGS, `must have at most ${MOST_TAGS} tags`),
);

const DISK_TYPES = [
  'StandardSSD_LRS',
  'StandardSSD_ZRS',
  'Premium_LRS',
  'Premium_ZRS',
  'Standard_LRS',
] as const;

/** `ebbtide:azure`: what only Azure has. */
export const azureSection = section({
  resourceGroup: v.optional(
    matching(/^[\w()-][\w.()-]{0,88}[\w()-]$/, 'the name of a resource group that exists'),
  ),
  publicAddresses: v.optional(yesOrNo(), true),
  acceleratedNetworking: v.optional(yesOrNo(), true),
  diskType: v.optional(v.picklist(DISK_TYPES, `must be one of ${DISK_TYPES.join(', ')}`), 'StandardSSD_LRS'),
  terminateNotice: v.optional(duration('5m', '15m'), '15m'),
  logDays: v.optional(
    v.picklist(
      [30, 60, 90, 120, 180, 270, 365, 550, 730],
      'must be one of 30, 60, 90, 120, 180, 270, 365, 550, 730',
    ),
    30,
  ),
  tags: v.optional(tags, {}),
});

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The provider's own keys (`azure-native:location` and so on) that this program hands on to its explicit provider. */
export const azureProviderSection = section({
  subscriptionId: matching(
    GUID,
    'the id of the subscription of the pool, in lower case (`pulumi config set azure-native:subscriptionId "$(az account show --query id -o tsv)"`)',
  ),
  location: matching(
    /^(?!china|usgov|usdod)[a-z]+[a-z0-9]*$/,
    'the region of the pool in the public cloud, such as "westeurope" (`pulumi config set azure-native:location westeurope`)',
  ),
  tenantId: v.optional(matching(GUID, 'the id of the directory, if you have several')),
});

type AzureSection = v.InferOutput<typeof azureSection>;
type AzureProviderSection = v.InferOutput<typeof azureProviderSection>;

/** A stack file of Azure, checked. */
export interface AzureSettings extends CommonSettings {
  cloud: 'azure';
  azure: AzureSection;
  azureProvider: AzureProviderSection;
}

export const azureRules: CloudRules<AzureSection, AzureProviderSection, unknown, AzureSettings> = {
  provider: 'azure-native',
  words: azureWords,
  hasSubnets: true,
  broughtByGroup: [
    'azure.publicAddresses',
    'azure.acceleratedNetworking',
    'azure.diskType',
    'azure.terminateNotice',
  ],
  section: azureSection,
  providerSection: azureProviderSection,
  problems: azureProblems,
  warnings: azureWarnings,
  settingsOf: (common, { own, provider }) => ({
    ...common,
    cloud: 'azure',
    azure: own,
    azureProvider: provider,
  }),
};

/** What Azure asks of settings that are right by themselves. */
function azureProblems(
  shared: RightPart<SharedSettings>,
  azure: RightPart<AzureSection> | undefined,
): Problem[] {
  const { pool, network, scaleIn } = shared;
  const problems: Problem[] = [];
  const wrong = (key: string, says: string) => problems.push({ key, says });

  if (pool?.existingGroup !== undefined && azure !== undefined && !('resourceGroup' in azure)) {
    wrong(
      'azure.resourceGroup',
      'is missing: with ebbtide:pool.existingGroup it must be the resource group of that scale set; what Ebbtide adds is made there too',
    );
  }
  const zones = pool?.zones ?? [];
  for (const [index, zone] of zones.entries()) {
    if (zone !== undefined && zones.indexOf(zone) < index)
      wrong(`pool.zones[${index}]`, `is "${zone}": must be named once`);
  }
  if (pool?.max !== undefined && scaleIn?.maxDrains !== undefined) {
    const most = pool.max + scaleIn.maxDrains;
    if (most > MOST_INSTANCES) {
      wrong(
        'pool.max',
        `is ${pool.max}: with ebbtide:scaleIn.maxDrains, which is ${scaleIn.maxDrains}, it must be at most ${MOST_INSTANCES}, ` +
          'which is what a scale set takes',
      );
    }
  }
  const [subnet] = network?.subnets ?? [];
  if (subnet !== undefined && network?.id !== undefined && !isWithin(subnet, network.id)) {
    wrong('network.subnets[0]', `is "${subnet}": must be in ebbtide:network.id, which is ${network.id}`);
  }
  problems.push(
    ...problemsBeyondAws(shared, {
      name: 'Azure',
      ownChoice: 'whose own choice is a machine that is deleted 15 minutes later with the calls on it',
      keyless: 'where Run Command goes by who you are',
    }),
  );
  return problems;
}

/** Azure does not tell upper and lower case apart in ids. */
function isWithin(subnet: string, network: string): boolean {
  return subnet.toLowerCase().startsWith(`${network.toLowerCase()}/subnets/`);
}

/** What is allowed and yet worth saying at preview. */
function azureWarnings({ pool, network, scaling }: SharedSettings, azure: AzureSection): Problem[] {
  const warnings: Problem[] = [];
  if (scaling.kind === 'cpu' && pool.min === 0) {
    warnings.push({
      key: 'pool.min',
      says: 'is 0: a scale set without instances has no CPU, so Azure cannot grow it from 0 by itself. 1 keeps it growing',
    });
  }
  if (scaling.kind === 'none') {
    warnings.push({
      key: 'scaling.kind',
      says:
        'is "none": nothing says how many nodes are enough, so none is chosen to leave. Grow the set by its capacity; never ' +
        'shrink it so, since Azure then deletes machines with the calls on them',
    });
  }
  if (!azure.publicAddresses && network.id === undefined) {
    warnings.push({
      key: 'azure.publicAddresses',
      says:
        'is false in a network that is created, which has no way out: nodes then install nothing, and people reach them only ' +
        'through a load balancer or relay of yours. Use a network with a NAT gateway (ebbtide:network.id), or an image that has the software',
    });
  }
  return warnings;
}

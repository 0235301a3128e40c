import * as v from 'valibot';
import { problemsBeyondAws } from '../beyond-aws.ts';
import type { CloudRules } from '../cloud-rules.ts';
import type { RightPart } from '../right-part.ts';
import { ipv4Range, listOf, matching, section, someOf, yesOrNo } from '../schema.ts';
import type { Problem } from '../settings-errors.ts';
import { type CloudWords, type CommonSettings, diskSize, type SharedSettings } from '../settings-schema.ts';

const PROJECT = '([a-z][a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]';
const NAME = '[a-z]([a-z0-9-]{0,61}[a-z0-9])?';

function named(kind: string, right: string) {
  return matching(new RegExp(`^(projects/${PROJECT}/${kind}/)?${NAME}$`), right);
}

const gcpWords: CloudWords = {
  existingGroup: matching(
    new RegExp(`^${NAME}$`),
    'the name of a regional managed instance group, such as "media-nodes"',
  ),
  machineType: matching(/^[a-z][a-z0-9]*(-[a-z0-9]+)+$/, 'a machine type, such as "n2-standard-4"'),
  image: matching(
    new RegExp(`^projects/${PROJECT}/global/images/(family/)?${NAME}$`),
    'an image or a family of images, such as "projects/PROJECT/global/images/family/FAMILY"',
  ),
  diskGb: diskSize(8, 16_384, 20),
  // What a regional group takes unless Google raises it.
  mostNodes: 2000,
  zones: someOf(matching(/^[a-z]+-[a-z]+\d+-[a-z]$/, 'a zone, such as "europe-west1-b"'), {
    one: 'zone',
    many: 'zones',
  }),
  network: named(
    'global/networks',
    'a network, such as "default" or "projects/PROJECT/global/networks/NAME"',
  ),
  subnets: v.pipe(
    someOf(
      named(
        'regions/[a-z0-9-]+/subnetworks',
        'a subnetwork, such as "default" or "projects/PROJECT/regions/REGION/subnetworks/NAME"',
      ),
      { one: 'subnet', many: 'subnets' },
    ),
    v.maxLength(1, 'must name one subnet: on GCP it spans the region with all its zones'),
  ),
  balancers: listOf(
    matching(
      new RegExp(`^(projects/${PROJECT}/)?(global|regions/[a-z0-9-]+)/backendServices/${NAME}$`),
      'a backend service, such as "global/backendServices/NAME" or "regions/REGION/backendServices/NAME"',
    ),
    'backend services',
  ),
  cidr: ipv4Range(8, 28),
  notify: listOf(
    matching(
      /^(projects\/[^/\s]+\/notificationChannels\/\d+|[^@\s/]+@[^@\s/]+\.[^@\s/]+)$/,
      'a notification channel, such as "projects/PROJECT/notificationChannels/123", or an e-mail address',
    ),
    'notification channels and e-mail addresses',
  ),
};

/** GCP takes 64 on a thing; the pool has some of its own. */
const MOST_LABELS = 50;

const labels = v.pipe(
  v.record(
    matching(
      /^(?!ebbtide)[a-z][a-z0-9_-]{0,62}$/,
      'a label of lower-case letters, digits, _ and -, which starts with a letter and not with "ebbtide"',
    ),
    matching(/^[a-z0-9_-]{0,63}$/, 'at most 63 lower-case letters, digits, _ and -'),
    'must be a group of labels',
  ),
  v.check((all) => Object.keys(all).length <= MOST_LABELS, `must have at most ${MOST_LABELS} labels`),
);

/** `ebbtide:gcp`: what only GCP has. */
export const gcpSection = section({
  externalAddresses: v.optional(yesOrNo(), true),
  diskType: v.optional(matching(/^[a-z][a-z0-9-]+$/, 'a type of disk, such as "pd-balanced"')),
  labels: v.optional(labels, {}),
  /** Of the machines of `pool.existingGroup`. */
  nodeAccount: v.optional(
    matching(
      /^[a-z0-9-]+@[a-z0-9.-]+\.gserviceaccount\.com$/,
      'the service account of the group\'s machines, such as "media@my-project-123456.iam.gserviceaccount.com"',
    ),
  ),
});

/** The provider's own keys (`gcp:project` and so on) that this program hands on to its explicit provider. */
export const gcpProviderSection = section({
  project: matching(
    new RegExp(`^${PROJECT}$`),
    'the id of the project of the pool, such as "my-project-123456" (`pulumi config set gcp:project PROJECT`)',
  ),
  region: matching(
    /^[a-z]+-[a-z]+\d+$/,
    'the region of the pool, such as "europe-west1" (`pulumi config set gcp:region europe-west1`)',
  ),
});

type GcpSection = v.InferOutput<typeof gcpSection>;
type GcpProviderSection = v.InferOutput<typeof gcpProviderSection>;

/** A stack file of GCP, checked. */
export interface GcpSettings extends CommonSettings {
  cloud: 'gcp';
  gcp: GcpSection;
  gcpProvider: GcpProviderSection;
}

export const gcpRules: CloudRules<GcpSection, GcpProviderSection, unknown, GcpSettings> = {
  provider: 'gcp',
  words: gcpWords,
  hasSubnets: true,
  broughtByGroup: ['gcp.externalAddresses', 'gcp.diskType'],
  section: gcpSection,
  providerSection: gcpProviderSection,
  problems: gcpProblems,
  warnings: gcpWarnings,
  settingsOf: (common, { own, provider }) => ({ ...common, cloud: 'gcp', gcp: own, gcpProvider: provider }),
};

const MOST_SECRET_BYTES = 65_536;

/** What GCP asks of settings that are right by themselves. */
function gcpProblems(
  shared: RightPart<SharedSettings>,
  gcp: RightPart<GcpSection> | undefined,
  provider: RightPart<GcpProviderSection> | undefined,
): Problem[] {
  const { pool, network, scaling, mediaSecrets } = shared;
  const region = provider?.region;
  const problems: Problem[] = [];
  const wrong = (key: string, says: string) => problems.push({ key, says });

  if (pool?.existingGroup !== undefined && gcp !== undefined && !('nodeAccount' in gcp)) {
    wrong(
      'gcp.nodeAccount',
      "is missing: with ebbtide:pool.existingGroup it must be the service account of the group's machines (that in its " +
        'instance template), which gets the few rights of a node in addition',
    );
  }
  if (pool !== undefined && !('existingGroup' in pool) && gcp?.nodeAccount !== undefined)
    wrong('gcp.nodeAccount', 'is of use with ebbtide:pool.existingGroup alone: leave it out');
  const zones = pool?.zones ?? [];
  for (const [index, zone] of zones.entries()) {
    if (zone === undefined) continue;
    const key = `pool.zones[${index}]`;
    if (region !== undefined && !zone.startsWith(`${region}-`))
      wrong(key, `is "${zone}": must be a zone of the region gcp:region, such as "${region}-b"`);
    else if (zones.indexOf(zone) < index) wrong(key, `is "${zone}": must be named once`);
  }
  const [subnet] = network?.subnets ?? [];
  const subnetRegion = /regions\/([^/]+)\//.exec(subnet ?? '')?.[1];
  if (region !== undefined && subnetRegion !== undefined && subnetRegion !== region)
    wrong('network.subnets[0]', `is "${subnet}": must be in the region gcp:region, which is ${region}`);
  if (scaling?.kind === 'cpu' && pool?.initial !== undefined) {
    wrong(
      'pool.initial',
      'is of no use with ebbtide:scaling.kind "cpu" on GCP: the autoscaler alone sets the size, from ebbtide:pool.min on',
    );
  }
  problems.push(
    ...problemsBeyondAws(shared, {
      name: 'GCP',
      ownChoice: 'whose own choice is a machine that is deleted with the calls on it',
      keyless: 'where OS Login goes by who you are',
    }),
  );
  for (const name of ['keys', 'redis'] as const) {
    const bytes = Buffer.byteLength(JSON.stringify(mediaSecrets?.[name] ?? ''));
    if (bytes <= MOST_SECRET_BYTES) continue;
    wrong(
      `mediaSecrets.${name}`,
      `has ${bytes} bytes as JSON: must have at most ${MOST_SECRET_BYTES}, which is what a secret of GCP takes`,
    );
  }
  return problems;
}

/** What is allowed and yet worth saying at preview. */
function gcpWarnings({ pool, network, scaling }: SharedSettings, gcp: GcpSection): Problem[] {
  const warnings: Problem[] = [];
  if (scaling.kind === 'cpu' && pool.min === 0) {
    warnings.push({
      key: 'pool.min',
      says: 'is 0: a group without machines has no CPU, so GCP cannot grow it from 0 by itself. 1 keeps it growing',
    });
  }
  if (scaling.kind === 'none') {
    warnings.push({
      key: 'scaling.kind',
      says:
        'is "none": nothing says how many nodes are enough, so none is chosen to leave. Grow the group by resizing it; never ' +
        'shrink it so, since GCP then deletes machines with the calls on them: abandon them instead',
    });
  }
  if (!gcp.externalAddresses && network.id === undefined) {
    warnings.push({
      key: 'gcp.externalAddresses',
      says:
        'is false in a network that is created, which has no way out: nodes then install nothing, and people reach them only ' +
        'through a load balancer or relay of yours. Use a network with Cloud NAT (ebbtide:network.id), or an image that has the software',
    });
  }
  return warnings;
}

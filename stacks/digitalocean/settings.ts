import * as v from 'valibot';
import { problemsBeyondAws } from '../beyond-aws.ts';
import type { CloudRules } from '../cloud-rules.ts';
import type { RightPart } from '../right-part.ts';
import { duration, ipv4Range, listOf, matching, section, text, wholeNumber, yesOrNo } from '../schema.ts';
import type { Problem } from '../settings-errors.ts';
import type { CloudWords, CommonSettings, SharedSettings } from '../settings-schema.ts';
import { unservedIn } from './regions.ts';

/** What DigitalOcean has nothing for. */
function ofNoUse<Output>(why: string, instead: Output) {
  const refused = v.check((written: unknown) => written === null, `is of no use on DigitalOcean, ${why}`);
  return v.pipe(
    v.optional(v.unknown(), null),
    refused,
    v.transform(() => instead),
  );
}

/** A number in a stack file, or words. */
const written = (right: string) =>
  v.pipe(v.union([v.string(), v.number()], `must be ${right}`), v.transform(String));

const IMAGE =
  'the name of a public image, such as "debian-13-x64", or the number of one of your own (`doctl compute image list`)';

const digitalOceanWords: CloudWords = {
  existingGroup: ofNoUse(
    'which has no group that can wait for a drain: its pools of droplets delete whom they like. The pool makes its own droplets: leave it out',
    '',
  ),
  machineType: matching(/^[a-z][a-z0-9_.]*(-[a-z0-9_.]+)+$/, 'a size of droplets, such as "c-4"'),
  image: v.pipe(written(IMAGE), v.regex(/^(\d+|[a-z][a-z0-9-]*)$/, `must be ${IMAGE}`)),
  diskGb: ofNoUse('where the size says what disk a droplet has: leave it out', 0),
  zones: ofNoUse<string[]>('which has no zones: leave it out', []),
  // Each reads its decision every 3 s, and a bucket of Spaces takes 800 requests a second.
  mostNodes: 2000,
  network: matching(
    /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
    'the id of a VPC, such as "5a4981aa-9653-4bd1-bef5-d6bff52042e4" (`doctl vpcs list`)',
  ),
  subnets: ofNoUse<string[]>('where a VPC has no subnets: leave it out', []),
  balancers: listOf(
    matching(
      /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
      'the id of a load balancer, such as "4de7ac8b-495b-4884-9a69-1050c6793cd6" (`doctl compute load-balancer list`)',
    ),
    'load balancers',
  ),
  cidr: ipv4Range(16, 28),
  notify: listOf(
    matching(/^[^@\s/]+@[^@\s/]+\.[^@\s/]+$/, 'an e-mail address of your team'),
    'e-mail addresses',
  ),
};

const REGION = 'a region, such as "fra1" (`doctl compute region list`)';
const region = matching(/^[a-z]{3}\d$/, REGION);

const SSH_KEY = 'the number or the fingerprint of an SSH key (`doctl compute ssh-key list`)';

const loadBalancer = section({
  certificate: v.optional(text('the name of a certificate')),
  units: v.optional(wholeNumber(1, 200), 1),
});
export type LoadBalancerSettings = v.InferOutput<typeof loadBalancer>;

/** `ebbtide:digitalocean`: what only DigitalOcean has. */
export const digitalOceanSection = section({
  region: matching(/^[a-z]{3}\d$/, `${REGION}: where the pool lives`),
  /** Left out, they are where the pool is. */
  spacesRegion: v.optional(region),
  functionsRegion: v.optional(region),
  bootTimeout: v.optional(duration('30s', '2h'), '15m'),
  loadBalancer: v.optional(loadBalancer),
  sshKeys: v.optional(
    listOf(
      v.pipe(written(SSH_KEY), v.regex(/^(\d+|[0-9a-f]{2}(:[0-9a-f]{2}){15})$/, `must be ${SSH_KEY}`)),
      'SSH keys',
    ),
    [],
  ),
  sshFrom: v.optional(listOf(ipv4Range(0, 32), 'IPv4 ranges'), []),
  monitoring: v.optional(yesOrNo(), false),
});

/** No value of them is told in an error: whatever is text is a token. */
const token = v.pipe(v.string('must be an API token'), v.minLength(1, 'must be an API token'));

/** `ebbtide:digitaloceanSecrets` */
export const digitalOceanSecretsSection = section({ orchestratorToken: v.optional(token) });

/** The provider's own keys (`digitalocean:token`) that this program hands on to its explicit providers. */
export const digitalOceanProviderSection = section({ token: v.optional(token) });

type DigitalOceanSection = v.InferOutput<typeof digitalOceanSection>;
type DigitalOceanProviderSection = v.InferOutput<typeof digitalOceanProviderSection>;
type DigitalOceanSecrets = v.InferOutput<typeof digitalOceanSecretsSection>;

/** A stack file of DigitalOcean, checked. */
export interface DigitalOceanSettings extends CommonSettings {
  cloud: 'digitalocean';
  digitalocean: DigitalOceanSection;
  digitaloceanProvider: DigitalOceanProviderSection;
  digitaloceanSecrets: DigitalOceanSecrets | undefined;
}

export const digitalOceanRules: CloudRules<
  DigitalOceanSection,
  DigitalOceanProviderSection,
  DigitalOceanSecrets,
  DigitalOceanSettings
> = {
  provider: 'digitalocean',
  words: digitalOceanWords,
  hasSubnets: false,
  broughtByGroup: [],
  section: digitalOceanSection,
  secrets: v.optional(digitalOceanSecretsSection, {}),
  providerSection: digitalOceanProviderSection,
  problems: digitalOceanProblems,
  warnings: digitalOceanWarnings,
  settingsOf: (common, { own, provider, secrets }) => ({
    ...common,
    cloud: 'digitalocean',
    digitalocean: own,
    digitaloceanProvider: provider,
    digitaloceanSecrets: secrets,
  }),
};

/** What DigitalOcean asks of settings that are right by themselves. */
function digitalOceanProblems(
  shared: RightPart<SharedSettings>,
  digitalocean: RightPart<DigitalOceanSection> | undefined,
): Problem[] {
  const { access, agent } = shared;
  const problems: Problem[] = [];
  const wrong = (key: string, says: string) => problems.push({ key, says });

  for (const { key, region, what, others } of unservedIn(digitalocean, 'no')) {
    wrong(
      key,
      `is missing: ${region} has no ${what}. Name another region for them, such as ${others}; or that very one, if DigitalOcean has ` +
        'them there by now',
    );
  }
  problems.push(
    ...problemsBeyondAws(shared, {
      name: 'DigitalOcean',
      ownChoice: 'which has no choice of its own that spares calls',
      keyless: 'where they are those of ebbtide:digitalocean.sshKeys',
    }),
  );
  if (agent?.every?.spot !== undefined)
    wrong(
      'agent.every.spot',
      'is of no use on DigitalOcean, which takes no droplet away by itself: leave it out',
    );
  if (access?.shell === true) {
    wrong(
      'access.shell',
      'is of no use on DigitalOcean: the recovery console of its control panel needs no port and is always there, and the other one ' +
        'comes by SSH, from addresses that DigitalOcean does not publish. Leave it out; ebbtide:digitalocean.sshFrom opens SSH to whom you name',
    );
  }
  const { sshKeys, sshFrom = [] } = digitalocean ?? {};
  if (sshFrom.length > 0 && sshKeys?.length === 0) {
    wrong('digitalocean.sshFrom', 'opens SSH for nobody: must come with ebbtide:digitalocean.sshKeys');
  }
  return problems;
}

/** What is allowed and yet worth saying at preview. */
function digitalOceanWarnings(
  { pool, scaling }: SharedSettings,
  digitalocean: DigitalOceanSection,
  secrets: DigitalOceanSecrets | undefined,
): Problem[] {
  const { sshKeys, sshFrom } = digitalocean;
  const warnings: Problem[] = unservedIn(digitalocean, 'unknown').map(({ key, region, what, others }) => ({
    key,
    says: `is missing: whether ${region} has ${what}, is not known here. If it has not, name another region for them, such as ${others}`,
  }));
  if (pool.min === 0) {
    warnings.push({
      key: 'pool.min',
      says: 'is 0: the load is what nodes report, so that without any nothing asks for one. 1 keeps it growing',
    });
  }
  if (scaling.kind === 'none') {
    warnings.push({
      key: 'scaling.kind',
      says:
        'is "none": nothing says how many nodes are enough, so none is chosen to leave, and the pool grows no further than ' +
        'ebbtide:pool.min. Raise that to have more',
    });
  }
  if (secrets?.orchestratorToken === undefined) {
    warnings.push({
      key: 'digitaloceanSecrets.orchestratorToken',
      says:
        'is missing: the orchestrator gets your own API token, with all that it may do, and stops when that one expires. Make one ' +
        'for it with the scopes that docs/settings.md names, and set it with `pulumi config set --secret --path`',
    });
  }
  if (sshKeys.length > 0 && sshFrom.length === 0) {
    warnings.push({
      key: 'digitalocean.sshKeys',
      says: 'are of no use without ebbtide:digitalocean.sshFrom: the firewall keeps SSH closed',
    });
  }
  return warnings;
}

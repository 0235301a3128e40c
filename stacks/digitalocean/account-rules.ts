import type { Problem } from '../settings-errors.ts';
import type { Account } from './account.ts';
import { balancerProblems } from './balancer-rules.ts';
import { DEFAULT_IMAGE, DEFAULT_MACHINE_TYPE } from './machine.ts';
import type { DigitalOceanNames } from './names.ts';
import type { DigitalOceanSettings } from './settings.ts';
import { ownVpc, vpcProblems, vpcWarnings } from './vpc-rules.ts';

/** What would end `up` half-way, or never let the pool grow, though every setting is right by itself. Pure. */
export function accountProblems(
  settings: DigitalOceanSettings,
  names: DigitalOceanNames,
  account: Account,
): Problem[] {
  return [
    // Who insists on a destroy is not to be kept from it by what only new droplets would need.
    ...(settings.onDestroy === 'cut'
      ? []
      : [...regionProblems(settings, account), ...limitProblems(settings, account)]),
    ...placeProblems(settings, names, account),
    ...vpcProblems(settings, names, account),
    ...nameProblems(settings, names, account),
    ...thingProblems(settings, account),
    ...balancerProblems(settings, names, account),
  ];
}

/** What would keep the pool from growing one day, or from going. */
export function accountWarnings(
  settings: DigitalOceanSettings,
  names: DigitalOceanNames,
  account: Account,
): Problem[] {
  return [...limitWarnings(settings, account), ...vpcWarnings(settings, names, account)];
}

function limitWarnings({ pool, scaleIn }: DigitalOceanSettings, account: Account): Problem[] {
  const { dropletLimit, droplets } = account;
  if (dropletLimit === undefined || droplets === undefined) return [];
  const others = droplets.all - droplets.ofPool;
  const most = pool.max + scaleIn.maxDrains;
  // Without any others it is an error.
  if (others === 0 || most > dropletLimit || others + most <= dropletLimit) return [];
  return [
    {
      key: 'pool.max',
      says:
        `is ${pool.max}: with ebbtide:scaleIn.maxDrains, which is ${scaleIn.maxDrains}, and the account's ${others} other droplets ` +
        `it is above the account's limit of ${dropletLimit}: the pool stops growing there. Ask DigitalOcean for more`,
    },
  ];
}

function regionProblems({ pool, digitalocean }: DigitalOceanSettings, account: Account): Problem[] {
  const { region } = digitalocean;
  const { machineType = DEFAULT_MACHINE_TYPE, image = DEFAULT_IMAGE } = pool;
  const problems: Problem[] = [];
  if ('region' in account) {
    if (account.region === undefined) {
      problems.push({
        key: 'digitalocean.region',
        says: `is "${region}": there is no such region (\`doctl compute region list\`)`,
      });
      return problems;
    }
    const { available, sizes } = account.region;
    if (!available)
      problems.push({
        key: 'digitalocean.region',
        says: `is "${region}": DigitalOcean makes no new droplets there. Take another region`,
      });
    else if (!sizes.includes(machineType)) {
      const family = machineType.replace(/-.*$/, '-');
      const alike = sizes.filter((size) => size.startsWith(family));
      const there = alike.length === 0 ? 'no size of its kind' : `of its kind ${alike.join(', ')}`;
      problems.push({
        key: 'pool.machineType',
        says: `is "${machineType}": your account cannot have it in ${region}, which has ${there} (\`doctl compute size list\`)`,
      });
    }
  }
  if ('image' in account && !account.image?.regions.includes(region)) {
    const where = account.image === undefined ? 'there is no such image' : `it is not in ${region}`;
    problems.push({
      key: 'pool.image',
      says: `is "${image}": ${where} (\`doctl compute image list --public\`, and without for your own)`,
    });
  }
  return problems;
}

function limitProblems({ pool, scaleIn }: DigitalOceanSettings, { dropletLimit }: Account): Problem[] {
  if (dropletLimit === undefined || pool.max + scaleIn.maxDrains <= dropletLimit) return [];
  return [
    {
      key: 'pool.max',
      says:
        `is ${pool.max}: with ebbtide:scaleIn.maxDrains, which is ${scaleIn.maxDrains}, it must be at most ${dropletLimit}, ` +
        "which is the account's limit of droplets. Ask DigitalOcean for more, or lower one of them",
    },
  ];
}

/** A VPC and a namespace cannot move: what is elsewhere is another pool, and has its droplets there. */
function placeProblems(
  { pool, digitalocean }: DigitalOceanSettings,
  names: DigitalOceanNames,
  account: Account,
): Problem[] {
  const { region, functionsRegion = region } = digitalocean;
  const problems: Problem[] = [];
  const isElsewhere = (key: string, wanted: string, there: string) =>
    problems.push({
      key,
      says:
        `is "${wanted}": the pool ${pool.name} is in ${there}, and its tags are the whole account's. Give this pool another ` +
        'name, or take that one away first',
    });
  const own = ownVpc(account, names);
  if (own !== undefined && own.region !== region) isElsewhere('digitalocean.region', region, own.region);
  const namespace = account.namespaces?.find(({ label }) => label === names.namespace);
  if (namespace !== undefined && namespace.region !== functionsRegion) {
    const key = digitalocean.functionsRegion === undefined ? 'region' : 'functionsRegion';
    // Of both it is told once.
    if (key === 'functionsRegion' || own === undefined || own.region === region)
      isElsewhere(`digitalocean.${key}`, functionsRegion, namespace.region);
  }
  return problems;
}

/** What is called as the pool's things are, and is not the pool's. */
function nameProblems(
  { pool, network, digitalocean }: DigitalOceanSettings,
  names: DigitalOceanNames,
  { tags, vpcs = [], firewalls = [], loadBalancers = [] }: Account,
): Problem[] {
  if (tags?.pool && !tags.owner) {
    return [
      {
        key: 'pool.name',
        says:
          `is "${pool.name}": the account has a tag ${names.tag} already, not of this stack: another stack has a pool of that name, ` +
          'whose droplets would lose their tag with this one. Choose another name; or, where nothing has that tag any more, ' +
          `take it away (\`doctl compute tag delete ${names.tag}\`)`,
      },
    ];
  }
  const taken = [
    ...(network.id === undefined
      ? vpcs
          .filter(({ name, description }) => name === names.vpc && description !== names.vpcDescription)
          .map(() => `a VPC ${names.vpc}`)
      : []),
    ...firewalls
      .filter(({ name, tags }) => name === names.firewall && !tags.includes(names.tag))
      .map(() => `a firewall ${names.firewall}`),
    ...(digitalocean.loadBalancer === undefined
      ? []
      : loadBalancers
          .filter(({ name, tag }) => name === names.loadBalancer && tag !== names.tag)
          .map(() => `a load balancer ${names.loadBalancer}`)),
  ];
  if (taken.length === 0) return [];
  return [
    {
      key: 'pool.name',
      says: `is "${pool.name}": the account has ${taken.join(' and ')} already, not of this pool: choose another name`,
    },
  ];
}

/** What the settings name, and the account must have. */
function thingProblems({ digitalocean }: DigitalOceanSettings, account: Account): Problem[] {
  const problems: Problem[] = [];
  const certificate = digitalocean.loadBalancer?.certificate;
  if (certificate !== undefined && account.certificates?.includes(certificate) === false) {
    problems.push({
      key: 'digitalocean.loadBalancer.certificate',
      says: `is "${certificate}": the account has ${account.certificates.join(', ') || 'none'} (\`doctl compute certificate list\`)`,
    });
  }
  for (const key of account.absentSshKeys ?? []) {
    problems.push({
      key: `digitalocean.sshKeys[${digitalocean.sshKeys.indexOf(key)}]`,
      says: `is "${key}": the account has no such key (\`doctl compute ssh-key list\`)`,
    });
  }
  return problems;
}

import type { Problem } from '../settings-errors.ts';
import type { Account, AccountVpc } from './account.ts';
import type { DigitalOceanNames } from './names.ts';
import { DEFAULT_RANGE } from './network.ts';
import type { DigitalOceanSettings } from './settings.ts';

const ID = 'network.id';
const RANGE = 'network.cidr';

/** What DigitalOcean's own things have in every VPC. */
const RESERVED = ['10.229.0.0/16', '10.244.0.0/16', '10.245.0.0/16', '10.246.0.0/24'];
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'];

/** The VPC that a stack of this name made. */
export function ownVpc({ vpcs }: Account, names: DigitalOceanNames): AccountVpc | undefined {
  return vpcs?.find(({ name, description }) => name === names.vpc && description === names.vpcDescription);
}

/** Where a VPC cannot be made, or not be taken away again, or not be changed under the nodes that are in it. Pure. */
export function vpcProblems(
  settings: DigitalOceanSettings,
  names: DigitalOceanNames,
  account: Account,
): Problem[] {
  const { vpcs } = account;
  if (vpcs === undefined) return [];
  const { id } = settings.network;
  const own = ownVpc(account, names);
  // Of a region that is none, or is full, is told elsewhere.
  if ('region' in account && account.region?.available !== true) return [];
  const problems = id === undefined ? ownProblems(settings, own, vpcs) : givenProblems(settings, id, vpcs);
  return problems.length > 0 ? problems : moveProblems(settings, own, account);
}

/** What is to be known of a VPC that is there already. */
export function vpcWarnings({ network }: DigitalOceanSettings, names: DigitalOceanNames, account: Account) {
  const own = ownVpc(account, names);
  if (network.id !== undefined || own?.default !== true) return [];
  return [
    {
      key: ID,
      says:
        `is left out, and the pool's own VPC is the default of ${own.region}: DigitalOcean deletes none that is, so a destroy ` +
        `would end there. Make another one the default first (\`doctl vpcs update ID --default\`)`,
    },
  ];
}

function givenProblems(
  { digitalocean: { region } }: DigitalOceanSettings,
  id: string,
  vpcs: readonly AccountVpc[],
): Problem[] {
  const vpc = vpcs.find((each) => each.id === id);
  if (vpc?.region === region) return [];
  const says =
    vpc === undefined
      ? 'there is no such VPC (`doctl vpcs list`)'
      : `it is in ${vpc.region}, and must be in ebbtide:digitalocean.region, which is ${region}`;
  return [{ key: ID, says: `is "${id}": ${says}` }];
}

function ownProblems(
  { pool, network, digitalocean: { region } }: DigitalOceanSettings,
  own: AccountVpc | undefined,
  vpcs: readonly AccountVpc[],
): Problem[] {
  const { cidr = DEFAULT_RANGE } = network;
  // In another region it is another pool, which is told by itself.
  if (own !== undefined) {
    if (own.region !== region || own.ip_range === undefined || isSame(own.ip_range, cidr)) return [];
    return [
      {
        key: RANGE,
        says:
          `is "${cidr}": the VPC of the pool ${pool.name} has ${own.ip_range}, and another range is another VPC, for which this one ` +
          'would be deleted with the load balancer in it. Give that range, or make a pool of another name',
      },
    ];
  }
  const problems: Problem[] = [];
  const says = (what: string) => problems.push({ key: RANGE, says: `is "${cidr}": ${what}` });
  if (!PRIVATE.some((range) => contains(range, cidr)))
    says(`DigitalOcean takes private ranges only, which are in ${PRIVATE.join(', ')}`);
  const reserved = RESERVED.find((range) => overlap(range, cidr));
  if (reserved !== undefined) says(`DigitalOcean has ${reserved} for itself`);
  const other = vpcs.find(({ ip_range: range }) => range !== undefined && overlap(range, cidr));
  if (other !== undefined)
    says(
      `it overlaps with ${other.ip_range} of the VPC ${other.name}, in ${other.region}. Give another, such as ${freeOf(vpcs)}`,
    );
  if (!vpcs.some((vpc) => vpc.region === region)) {
    problems.push({
      key: ID,
      says:
        `is left out, and the account has no VPC in ${region}: DigitalOcean makes the first one of a region its default, which ` +
        `can never be deleted, so a destroy would end there. Make that one first (\`doctl vpcs create --name default-${region} ` +
        `--region ${region}\`)`,
    });
  }
  return problems;
}

/** A load balancer reaches the nodes of its own VPC only, and is another one in another VPC. */
function moveProblems(
  { network, digitalocean }: DigitalOceanSettings,
  own: AccountVpc | undefined,
  { droplets }: Account,
): Problem[] {
  const wanted = network.id ?? own?.id;
  const left = droplets?.vpcsOfPool.find((vpc) => vpc !== wanted);
  if (left === undefined) return [];
  const why =
    left === own?.id
      ? 'this one would be deleted under them'
      : digitalocean.loadBalancer && 'another VPC has another load balancer, which reaches none of them';
  if (why === undefined) return [];
  const is = network.id === undefined ? 'is left out' : `is "${network.id}"`;
  return [
    {
      key: ID,
      says: `${is}: nodes of the pool are in the VPC ${left}, and ${why}. Leave it as it was, or make a pool of another name`,
    },
  ];
}

interface Range {
  first: number;
  size: number;
}

function rangeOf(written: string): Range {
  const [address = '', bits = '32'] = written.split('/');
  const size = 2 ** (32 - Number(bits));
  const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  return { first: number - (number % size), size };
}

function isSame(one: string, other: string): boolean {
  return contains(one, other) && contains(other, one);
}

function contains(outer: string, inner: string): boolean {
  const [around, within] = [rangeOf(outer), rangeOf(inner)];
  return around.first <= within.first && within.first + within.size <= around.first + around.size;
}

function overlap(one: string, other: string): boolean {
  return contains(one, other) || contains(other, one);
}

const FIRST_OFFERED = 88;
const LAST_OFFERED = 228;

function freeOf(vpcs: readonly AccountVpc[]): string {
  for (let second = FIRST_OFFERED; second <= LAST_OFFERED; second += 1) {
    const offered = `10.${second}.0.0/16`;
    if (!vpcs.some(({ ip_range: range }) => range !== undefined && overlap(range, offered))) return offered;
  }
  return 'one of 172.16.0.0/12';
}

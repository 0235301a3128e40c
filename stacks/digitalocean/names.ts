import { drainingTag, poolTag } from '../../fleet/digitalocean/tags.ts';

const LONGEST_TAG = 255;

/**
 * The names of a pool's things on DigitalOcean. They are fixed, not generated, but for those of Spaces. All of an account
 * share one space of names: another region cannot have a pool of the same name. `stack`: Pulumi's, with its project.
 */
export function digitalOceanNames(pool: string, stack: string) {
  const name = `ebbtide-${pool}`;
  return {
    tag: poolTag(pool),
    /** On nothing: by it a stack knows that the pool is its own, and not another stack's of the same name. */
    ownerTag: `${poolTag(pool)}:of:${stack.replace(/[^A-Za-z0-9_-]/g, '_')}`.slice(0, LONGEST_TAG),
    drainingTag: drainingTag(pool),
    vpc: name,
    /** By which a pool knows its own. */
    vpcDescription: `The pool ${pool} of Ebbtide`,
    firewall: name,
    loadBalancer: name,
    /** Functions' name for it is a label. */
    namespace: name,
    package: 'ebbtide',
    orchestrator: 'orchestrator',
    health: 'health',
    trigger: 'each-minute',
    /** Of an uptime check, and of its alert. */
    check: name,
    /**
     * All the world's buckets share one space of names. `birth`: of a bucket that was deleted Spaces keeps the name for a
     * week or more, so that a pool which is made again needs another.
     */
    bucket: (what: BucketName, birth: string) => `${name}-${birth}-${what}`,
    key: (whose: string, birth: string) => `${name}-${birth}-${whose}`,
  };
}

export type BucketName = 'code' | 'statuses' | 'memory';
export type DigitalOceanNames = ReturnType<typeof digitalOceanNames>;

import type { LivingCloud, ResourceLife } from '../pulumi/provider/living-cloud.ts';
import type { Place } from './model.ts';
import type { OceanTwin } from './ocean-twin.ts';
import { createPaperOcean } from './paper.ts';
import { readModel } from './read-model.ts';
import { OCEAN_RULES } from './type-rules.ts';

/** A running twin DigitalOcean, as its provider works on it. What is no resource of that comes by its API. */
export function createLivingOcean(twin: OceanTwin, place: Place): LivingCloud {
  return {
    paper: createPaperOcean(place),
    rules: OCEAN_RULES,
    lives: {
      'digitalocean:index/spacesBucket:SpacesBucket': bucketLife(twin),
      'digitalocean:index/vpc:Vpc': vpcLife(twin),
    },
    async provision(resources) {
      await twin.provision(readModel(resources, place));
    },
  };
}

function bucketLife(twin: OceanTwin): ResourceLife {
  return {
    async end({ id, inputs }) {
      if (inputs.forceDestroy === true || twin.keys(id).length === 0) return;
      throw new Error(`Error deleting Spaces bucket: BucketNotEmpty: ${id} is not empty`);
    },
  };
}

function vpcLife(twin: OceanTwin): ResourceLife {
  return {
    async end({ id }) {
      const members = twin.droplets().filter(({ spec, isGone }) => spec.vpc === id && !isGone);
      if (members.length > 0) throw new Error(`Error deleting VPC: 403 Can not delete VPC with members`);
    },
  };
}

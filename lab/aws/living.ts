import type { LivingCloud, ResourceLife } from '../pulumi/provider/living-cloud.ts';
import type { RecordedResource } from '../pulumi/resource.ts';
import type { AwsTwin } from './aws-twin.ts';
import { deleteGroup, groupAsItIs, waitForCapacity } from './group-life.ts';
import type { Place } from './identifiers.ts';
import { createPaperAws } from './paper.ts';
import { readModel } from './read-model.ts';
import { AWS_RULES } from './type-rules.ts';

const GROUP = 'aws:autoscaling/group:Group';
const HOOK = 'aws:autoscaling/lifecycleHook:LifecycleHook';

/** A running twin AWS, as its provider works on it. It has nothing but what this provisions, and what is `outside` of it. */
export function createLivingAws(
  twin: AwsTwin,
  place: Place,
  outside: readonly RecordedResource[] = [],
): LivingCloud {
  return {
    paper: createPaperAws({ place, existing: [], outside }),
    rules: AWS_RULES,
    lives: {
      'aws:s3/bucket:Bucket': bucketLife(twin),
      [GROUP]: groupLife(twin),
      'aws:ec2/launchTemplate:LaunchTemplate': TEMPLATE_LIFE,
    },
    provision: (resources) => twin.provision(readModel([...outside, ...resources], place)),
  };
}

function bucketLife(twin: AwsTwin): ResourceLife {
  return {
    async end({ id, inputs }) {
      if (inputs.forceDestroy === true || twin.keys(id).length === 0) return;
      throw new Error(`BucketNotEmpty: the bucket ${id} is not empty, and forceDestroy is not set`);
    },
  };
}

function groupLife(twin: AwsTwin): ResourceLife {
  return {
    settle: ({ id, inputs }) => waitForCapacity(twin, id, inputs),
    asItIs: (made) => groupAsItIs(twin, made),
    end: ({ id, inputs }, timeoutMs) => deleteGroup(twin, id, inputs, timeoutMs),
    takesAlong: ({ id }, { type, inputs }) => type === HOOK && inputs.autoscalingGroupName === id,
  };
}

/** A launch template keeps its versions. */
const TEMPLATE_LIFE: ResourceLife = {
  nextVersion({ inputs, outputs }) {
    const latestVersion = Number(outputs.latestVersion) + 1;
    return {
      latestVersion,
      defaultVersion: inputs.updateDefaultVersion === true ? latestVersion : outputs.defaultVersion,
    };
  },
};

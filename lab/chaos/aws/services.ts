import type { Clock } from '../../../fleet/clock.ts';
import type { AwsFaulty } from '../../aws/aws-twin.ts';
import { answerRequest } from '../../aws/front/answer.ts';
import { createAutoScaling } from '../../aws/front/autoscaling.ts';
import { createCloudWatch } from '../../aws/front/cloudwatch.ts';
import { createS3 } from '../../aws/front/s3.ts';
import type { MetadataService } from '../../aws/imds.ts';
import type { Metrics } from '../../aws/metrics.ts';
import type { AwsModel } from '../../aws/model.ts';
import type { Objects } from '../../aws/objects.ts';
import type { Principals } from '../../aws/principals.ts';
import type { ScalingGroup } from '../../aws/scaling-group.ts';
import type { Destination } from '../network.ts';
import type { OneFault } from '../one-fault.ts';

/** Where the services of the twin answer in this world. */
export const AWS_ENDPOINT = 'http://aws.test';

export interface ServicesOptions {
  model: AwsModel;
  group: ScalingGroup;
  objects: Objects;
  principals: Principals;
  metrics: Metrics;
  fault: OneFault<AwsFaulty>;
  clock: Clock;
  refused(what: string): void;
}

/** S3, Auto Scaling and CloudWatch, as calls reach them. */
export function createServices(options: ServicesOptions): { api: Destination; store: Destination } {
  const { model, group, objects, principals, metrics, fault, clock } = options;
  const api = {
    region: model.region,
    services: [createS3(objects), createAutoScaling(() => [group], clock.now()), createCloudWatch(metrics)],
    principals,
    faults: fault,
    refuse: ({ action, resource, why }: { action: string; resource: string; why: string }) =>
      options.refused(`${action} on ${resource}: ${why}`),
    now: clock.now,
  };
  const answer: Destination['answer'] = (request, wanted) =>
    fault.during(wanted, () => answerRequest(request, api));
  return { api: { way: 'api', answer }, store: { way: 'store', answer } };
}

/** The metadata service of one machine. */
export function metadataDestination(service: MetadataService, fault: OneFault<AwsFaulty>): Destination {
  return {
    way: 'metadata',
    answer: ({ method, target, headers }, wanted) => {
      const reply = fault.during(wanted, () => service({ method, target, headers }));
      return reply && { headers: {}, ...reply };
    },
  };
}

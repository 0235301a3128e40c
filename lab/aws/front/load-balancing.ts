import { ApiError } from '../../cloud/api-error.ts';
import { LOAD_BALANCING_REQUESTS } from '../requests.ts';
import type { TargetGroups } from '../target-groups.ts';
import { type Caller, operation, type Service } from './api.ts';
import { queryAnswer, queryError, readQuery } from './query.ts';

const VERSION = '2015-12-01';
const NAMESPACE = `http://elasticloadbalancing.amazonaws.com/doc/${VERSION}/`;

interface Targets {
  TargetGroupArn: string;
  Targets: { Id: string; Port?: number | undefined }[];
}

/** Elastic Load Balancing as far as the program uses it. `runs`: whether there is an instance of that id that runs. */
export function createLoadBalancing(groups: TargetGroups, runs: (instance: string) => boolean): Service {
  function check(action: string, { TargetGroupArn }: Targets, caller: Caller): void {
    caller.authorise(`elasticloadbalancing:${action}`, TargetGroupArn);
    if (groups.targets(TargetGroupArn) === undefined)
      throw new ApiError(400, 'TargetGroupNotFound', 'One or more target groups not found');
  }

  return {
    name: 'elasticloadbalancing',
    policyPrefix: 'elasticloadbalancing',
    operations: {
      RegisterTargets: operation(LOAD_BALANCING_REQUESTS.RegisterTargets, (input, caller) => {
        check('RegisterTargets', input, caller);
        const absent = input.Targets.filter(({ Id }) => !runs(Id)).map(({ Id }) => `'${Id}'`);
        if (absent.length > 0) {
          throw new ApiError(
            400,
            'InvalidTarget',
            `The following targets are not running: ${absent.join(', ')}`,
          );
        }
        for (const { Id, Port } of input.Targets) groups.register(input.TargetGroupArn, Id, Port);
        return queryAnswer('RegisterTargets', NAMESPACE, {});
      }),
      // Of a target that is not in it, it says that all is well.
      DeregisterTargets: operation(LOAD_BALANCING_REQUESTS.DeregisterTargets, (input, caller) => {
        check('DeregisterTargets', input, caller);
        for (const { Id } of input.Targets) groups.deregister(input.TargetGroupArn, Id);
        return queryAnswer('DeregisterTargets', NAMESPACE, {});
      }),
    },
    read: (request) => readQuery(request, VERSION),
    renderError: (error) => queryError(error, NAMESPACE),
    throttled: new ApiError(400, 'Throttling', 'Rate exceeded'),
  };
}

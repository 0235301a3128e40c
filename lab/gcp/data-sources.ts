import { Absent } from '../pulumi/paper-cloud.ts';
import type { Inputs } from '../pulumi/resource.ts';
import { type Place, zonesOf } from './place.ts';

/** A network that is there before the program runs (for `network.id`). */
export interface ExistingNetwork {
  network: string;
  subnets: { name: string }[];
}

/** What is there before the program, or beside it. */
export interface CallWorld {
  place: Place;
  existing: readonly ExistingNetwork[];
  /** APIs of the project that are switched off: `run.googleapis.com`. */
  switchedOff?: readonly string[];
  /** Backend services of load balancers: `global/backendServices/NAME`, or of a region. */
  backendServices?: readonly string[];
  groups(): readonly ExistingGroup[];
}

/** A group that is there, as far as the program asks. */
export interface ExistingGroup {
  name: string;
  description: string;
  zones: readonly string[];
}

/** What the real provider's data sources answer. One that is not here is refused, as is a thing that does not exist. */
export function answerCall(token: string, inputs: Inputs, world: CallWorld): Inputs {
  const answer = CALLS[token];
  if (!answer)
    throw new Error(
      `the twin Google Cloud does not know the call ${token}: teach it in lab/gcp/data-sources.ts`,
    );
  return { ...inputs, ...answer(inputs, world) };
}

const CALLS: Readonly<Record<string, (inputs: Inputs, world: CallWorld) => Inputs>> = {
  'gcp:projects/getProjectService:getProjectService': ({ project, service }, { switchedOff = [] }) => {
    if (switchedOff.includes(String(service)))
      throw new Absent(`the service ${service} of project ${project} is not found`);
    return { id: `${project}/${service}` };
  },
  'gcp:compute/getZones:getZones': (inputs, { place }) => {
    const names = inputs.region === place.region ? zonesOf(place.region) : [];
    return { id: `projects/${place.project}/regions/${inputs.region}`, names };
  },
  'gcp:compute/getImage:getImage': ({ project, family }) => {
    const id = `projects/${project}/global/images/${family}-v20260915`;
    return { id, name: `${family}-v20260915`, selfLink: `https://www.googleapis.com/compute/v1/${id}` };
  },
  'gcp:compute/getSubnetwork:getSubnetwork': (inputs, { place, existing }) => {
    const wanted = String(inputs.name ?? inputs.selfLink)
      .split('/')
      .at(-1);
    for (const { network, subnets } of existing) {
      if (!subnets.some(({ name }) => name === wanted)) continue;
      const id = `projects/${place.project}/regions/${place.region}/subnetworks/${wanted}`;
      return { id, name: wanted, network, selfLink: `https://www.googleapis.com/compute/v1/${id}` };
    }
    throw new Absent(`the subnetwork ${wanted} is not found`);
  },
  'gcp:compute/getBackendService:getBackendService': (inputs, world) =>
    backendService('global', inputs, world),
  'gcp:compute/getRegionBackendService:getRegionBackendService': (inputs, world) =>
    backendService(`regions/${inputs.region}`, inputs, world),
  'gcp:compute/getHealthCheck:getHealthCheck': ({ project, name }) => ({
    id: `projects/${project}/global/healthChecks/${name}`,
    type: 'HTTP',
    httpHealthChecks: [{ port: 9876, portSpecification: 'USE_FIXED_PORT', requestPath: '/healthz' }],
  }),
  'gcp:compute/getRegionInstanceGroupManager:getRegionInstanceGroupManager': (
    { name },
    { place, groups },
  ) => {
    const found = groups().find((group) => group.name === name);
    if (found === undefined) throw new Absent(`the group ${name} is not found (404)`);
    return {
      id: `projects/${place.project}/regions/${place.region}/instanceGroupManagers/${name}`,
      description: found.description,
      distributionPolicyZones: [...found.zones],
    };
  },
};

/** As it should be for a pool, without its group. What is not there the provider answers with nothing. */
function backendService(
  scope: string,
  { project, name }: Inputs,
  { backendServices = [] }: CallWorld,
): Inputs {
  const id = `projects/${project}/${scope}/backendServices/${name}`;
  if (!backendServices.includes(`${scope}/backendServices/${name}`))
    return { id, name: '', healthChecks: [] };
  return {
    id,
    loadBalancingScheme: 'EXTERNAL_MANAGED',
    protocol: 'HTTP',
    portName: 'signal',
    timeoutSec: 86_400,
    connectionDrainingTimeoutSec: 3600,
    backends: [],
    healthChecks: [`https://www.googleapis.com/compute/v1/projects/${project}/global/healthChecks/${name}`],
  };
}

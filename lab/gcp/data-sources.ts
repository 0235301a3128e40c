import type { Inputs } from '../pulumi/resource.ts';
import { type PaperPlace, selfLink } from './identifiers.ts';
import { zonesOf } from './place.ts';

export interface CallWorld {
  place: PaperPlace;
  /** What has been provisioned already, by type and name: its inputs. */
  find(type: string, name: string): Inputs | undefined;
}

/** What the real provider's data sources answer. One that is not here is refused, as is a thing that does not exist. */
export function answerCall(token: string, inputs: Inputs, world: CallWorld): Inputs {
  const answer = CALLS[token];
  if (!answer)
    throw new Error(`the twin GCP does not know the call ${token}: teach it in lab/gcp/data-sources.ts`);
  return { ...inputs, ...answer(inputs, world) };
}

const GROUP = 'gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager';

const CALLS: Readonly<Record<string, (inputs: Inputs, world: CallWorld) => Inputs>> = {
  'gcp:projects/getProjectService:getProjectService': ({ project, service }) => ({
    id: `${project}/${service}`,
    service,
    project,
  }),
  'gcp:compute/getZones:getZones': ({ region }, { place }) => ({
    id: `projects/${place.project}/regions/${region}`,
    // Another region is another cloud than this.
    names: region === place.region ? zonesOf(place.region) : [],
  }),
  'gcp:compute/getImage:getImage': ({ project, family, name }) => {
    const image = String(name ?? `${family}-v20261101`);
    const id = `projects/${project}/global/images/${image}`;
    return { id, name: image, selfLink: selfLink(id), status: 'READY' };
  },
  'gcp:compute/getRegionInstanceGroupManager:getRegionInstanceGroupManager': ({ name }, { place, find }) => {
    const group = find(GROUP, String(name));
    if (group === undefined) throw new Error(`region_instance_group_manager ${name} not found`);
    return {
      ...group,
      id: `projects/${place.project}/regions/${place.region}/instanceGroupManagers/${name}`,
    };
  },
  'gcp:compute/getSubnetwork:getSubnetwork': ({ name, selfLink: link }) => {
    throw new Error(`Error 404: The resource '${link ?? name}' was not found, notFound`);
  },
};

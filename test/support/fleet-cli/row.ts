import type { TwinCloud } from '../../../lab/cloud/twin-cloud.ts';
import type { PersonOf } from '../fleet-person.ts';
import type { LifeRow } from '../pulumi-life/row.ts';

/** What of a cloud the operator's commands are tried on. */
export interface FleetCliRow<Twin extends TwinCloud>
  extends Pick<LifeRow<Twin>, 'name' | 'start' | 'settings' | 'types' | 'template'> {
  person: PersonOf<Twin>;
}

import * as v from 'valibot';
import { ApiError } from '../../cloud/api-error.ts';
import { imageView, regionViews, sizeViews } from '../catalogue.ts';
import type { OceanModel } from '../model.ts';
import { json, type Method, method } from './method.ts';
import { listReply, PAGED } from './paging.ts';
import type { ApiSeen } from './seen.ts';
import {
  alertView,
  defaultVpcView,
  firewallView,
  loadBalancerView,
  spacesKeyView,
  uptimeCheckView,
  vpcView,
} from './views.ts';

/** The one team that every token is of. */
const TEAM = { uuid: '7f7e9a5c-1f0b-4b0e-9f3a-5d2a3c1e0b11', name: 'Ebbtide' };

/** What is looked up before a pool is made, and never changed by these. */
export const ACCOUNT_METHODS: readonly Method<ApiSeen>[] = [
  method(
    { id: 'account_get', http: 'GET', path: '/v2/account', scopes: ['account:read'] },
    (_asked, { dropletLimit }) =>
      json(200, {
        account: {
          droplet_limit: dropletLimit(),
          floating_ip_limit: 3,
          email: 'operator@example.org',
          name: 'Operator',
          uuid: 'b6fr89dbf6d9156cace5f3c78dc9851d957381ef',
          email_verified: true,
          status: 'active',
          status_message: '',
          team: TEAM,
        },
      }),
  ),
  list('regions_list', 'regions', ['regions:read'], () => regionViews()),
  list('sizes_list', 'sizes', ['sizes:read', 'regions:read'], () => sizeViews()),
  list('vpcs_list', 'vpcs', ['vpc:read'], ({ vpcs, place }) => [
    defaultVpcView(place.region),
    ...vpcs.map(vpcView),
  ]),
  list('firewalls_list', 'firewalls', ['firewall:read'], ({ firewalls }) => firewalls.map(firewallView)),
  list(
    'loadBalancers_list',
    'load_balancers',
    ['load_balancer:read'],
    ({ loadBalancers, place }, { droplets }) =>
      loadBalancers.map((each) => loadBalancerView(each, droplets.present(), place.region)),
  ),
  list('certificates_list', 'certificates', ['certificate:read'], () => []),
  list(
    'spacesKey_list',
    'keys',
    ['spaces_key:read'],
    ({ spacesKeys }) => spacesKeys.map(spacesKeyView),
    'spaces/keys',
  ),
  list(
    'monitoring_list_alertPolicy',
    'policies',
    ['monitoring:read'],
    ({ alerts }) => alerts.map(alertView),
    'monitoring/alerts',
  ),
  list(
    'uptime_list_checks',
    'checks',
    ['uptime:read'],
    ({ uptimeChecks }) => uptimeChecks.map(uptimeCheckView),
    'uptime/checks',
  ),
  method(
    { id: 'images_get', http: 'GET', path: '/v2/images/{image_id}', scopes: ['image:read'] },
    ({ path }) => {
      const image = imageView(path.image_id ?? '');
      if (image === undefined) throw missing();
      return json(200, { image });
    },
  ),
  method(
    {
      id: 'sshKeys_get',
      http: 'GET',
      path: '/v2/account/keys/{ssh_key_identifier}',
      scopes: ['ssh_key:read'],
    },
    () => {
      throw missing();
    },
  ),
];

function list(
  id: string,
  member: string,
  scopes: readonly string[],
  things: (model: OceanModel, seen: ApiSeen) => readonly unknown[],
  path: string = member,
): Method<ApiSeen> {
  return method(
    { id, http: 'GET', path: `/v2/${path}`, scopes, query: v.strictObject(PAGED) },
    ({ query }, seen) => listReply(member, things(seen.model(), seen), query, seen.address),
  );
}

function missing(): ApiError {
  return new ApiError(404, 'not_found', 'The resource you were accessing could not be found.');
}

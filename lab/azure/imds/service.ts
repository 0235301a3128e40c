import * as v from 'valibot';
import { GARBAGE, spoiled } from '../../cloud/faults.ts';
import type { HttpReply } from '../../cloud/http-front.ts';
import type { RawRequest } from '../../raw-request.ts';
import type { Instance } from '../compute/instance.ts';
import type { ScheduledEvent, ScheduledEvents } from '../compute/scheduled-events.ts';
import type { Faults } from '../faults.ts';
import { principalOf } from '../logic/workflows.ts';
import type { AzureModel } from '../model.ts';
import { find, instanceTree } from './instance-tree.ts';
import { answerToken, json, refused, type TokenOptions } from './tokens.ts';

export interface ImdsOptions extends TokenOptions {
  model: () => AzureModel;
  faults: Faults;
  events(instance: Instance): ScheduledEvents | undefined;
  /** Real time at which a moment of the cloud's clock comes. */
  realTime(cloudMs: number): number;
}

/** Of each part, the versions that the twin has. */
const VERSIONS: Record<string, readonly string[]> = {
  instance: ['2021-02-01', '2021-12-13', '2023-07-01', '2023-11-15'],
  scheduledevents: ['2020-07-01'],
  identity: ['2018-02-01'],
};

const approvalSchema = v.strictObject({
  StartRequests: v.pipe(v.array(v.strictObject({ EventId: v.string() })), v.minLength(1)),
});

/** What the metadata service of one machine answers; undefined: nothing at all. */
export function answerImds(
  instance: Instance,
  request: RawRequest,
  options: ImdsOptions,
): HttpReply | undefined {
  const url = new URL(request.target, 'http://169.254.169.254');
  const [, root, part = '', ...rest] = url.pathname.replace(/\/+$/, '').split('/');
  const action = [part, ...rest].join('/');
  const fault = options.faults.take({ service: 'metadata', action, instance: instance.name });
  if (fault !== undefined) {
    const status = fault === 'throttle' ? 429 : 500;
    return spoiled(fault, json(status, { error: 'told to' }), { status: 200, headers: {}, body: GARBAGE });
  }
  // A proxy in between, or a page that a browser on the machine was led to, would be somebody else's way in.
  if (
    request.headers.metadata?.toLowerCase() !== 'true' ||
    request.headers['x-forwarded-for'] !== undefined
  ) {
    return bad('Required metadata header not specified or not correct');
  }
  if (root !== 'metadata' || !Object.hasOwn(VERSIONS, part)) return json(404, { error: 'Not found' });
  const version = url.searchParams.get('api-version') ?? '';
  if (!VERSIONS[part]?.includes(version)) {
    return json(400, {
      error: `Bad request. api-version ${version} is invalid or was not specified in the request.`,
      'newest-versions': VERSIONS[part],
    });
  }
  switch (part) {
    case 'instance':
      return request.method === 'GET' ? tell(instance, rest, url.searchParams, options) : notAllowed();
    case 'scheduledevents':
      return events(instance, request, options);
    default: {
      if (request.method !== 'GET') return notAllowed();
      if (rest.join('/') !== 'oauth2/token') return json(404, { error: 'Not found' });
      const principal = (identity: (typeof instance.set.identities)[number]) =>
        principalOf(identity, `${instance.name} (${identity.principalId})`, instance.name);
      return answerToken(url.searchParams, instance.set.identities, principal, options);
    }
  }
}

function tell(
  instance: Instance,
  path: readonly string[],
  query: URLSearchParams,
  { model }: ImdsOptions,
): HttpReply {
  const found = find(instanceTree(instance, model()), path.map(decodeURIComponent));
  if (found === undefined) return json(404, { error: 'Not found' });
  if (query.get('format') !== 'text') return json(200, found);
  if (typeof found === 'string')
    return { status: 200, headers: { 'content-type': 'text/plain' }, body: found };
  return bad('the twin tells text at the leaves only');
}

function events(instance: Instance, request: RawRequest, options: ImdsOptions): HttpReply {
  const scheduled = options.events(instance);
  if (request.method === 'GET') {
    return json(200, {
      DocumentIncarnation: scheduled?.incarnation() ?? 1,
      Events: (scheduled?.all() ?? []).map((event) => told(event, options)),
    });
  }
  if (request.method !== 'POST') return notAllowed();
  const parsed = v.safeParse(
    v.pipe(v.string(), v.parseJson(), approvalSchema),
    request.body.toString('utf8'),
  );
  if (!parsed.success) return bad(v.summarize(parsed.issues));
  const missing = parsed.output.StartRequests.filter(({ EventId }) => !scheduled?.approve(EventId));
  return missing.length === 0 ? { status: 200, headers: {}, body: '' } : bad('the event is not there');
}

function told(event: ScheduledEvent, { realTime }: ImdsOptions): object {
  return {
    EventId: event.id,
    EventType: event.type,
    ResourceType: 'VirtualMachine',
    Resources: event.resources,
    EventStatus: event.status,
    // Of what has begun no time is told.
    NotBefore: event.status === 'Started' ? '' : new Date(realTime(event.notBefore)).toUTCString(),
    Description: event.description,
    EventSource: event.source,
    DurationInSeconds: event.durationS,
  };
}

function bad(message: string): HttpReply {
  return refused('Bad request', message);
}

function notAllowed(): HttpReply {
  return json(405, { error: 'Method not allowed' });
}

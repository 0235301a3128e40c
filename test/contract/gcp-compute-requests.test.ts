import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { createRealClock } from '../../fleet/clock.ts';
import { createGcpClient } from '../../fleet/gcp/client.ts';
import { type Compute, createCompute } from '../../fleet/gcp/compute.ts';
import { GoogleStandIn } from '../support/google-stand-in.ts';
import { readDiscovery } from './support/specs/discovery.ts';

const compute = readDiscovery('compute.v1');

interface SentRequest {
  method: string;
  url: URL;
  body: string;
}

/** What is wrong with a request, by the description of the method that it is meant for. */
function problemsOf(id: string, { method, url, body }: SentRequest): string[] {
  const described = compute?.method(`compute.${id}`);
  if (compute === undefined || described === undefined) return [`there is no method ${id}`];
  const paths = compute
    .pathsOf(described)
    .map((path) => new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`));
  const parameters = [...Object.keys(described.parameters), ...compute.commonParameters];
  const schema = described.request?.$ref;
  return [
    ...(method === described.httpMethod ? [] : [`${method}, not ${described.httpMethod}`]),
    ...(paths.some((path) => path.test(url.pathname)) ? [] : [`${url.pathname} is none of its paths`]),
    ...[...url.searchParams.keys()].filter((name) => !parameters.includes(name)),
    ...(schema === undefined
      ? body === ''
        ? []
        : ['it takes no body']
      : compute.problems(schema, JSON.parse(body))),
  ];
}

describe("requests to Compute Engine, by Google's own description", () => {
  before(function () {
    if (compute === undefined) this.skip();
  });

  async function sent(
    act: (compute: Compute, google: GoogleStandIn) => Promise<unknown>,
  ): Promise<SentRequest[]> {
    const google = new GoogleStandIn();
    google.pageSize = 1;
    for (const [index, name] of ['ebbtide-media-aaaa', 'ebbtide-media-bbbb'].entries())
      google.addMachine(name, String(100 + index));
    const requests: SentRequest[] = [];
    const client = createGcpClient({
      token: async () => 't',
      environment: {},
      timeoutMs: 5_000,
      async send({ method, url, body = '' }) {
        const request = { method, url: new URL(url), body };
        requests.push(request);
        return google.answer(request);
      },
    });
    const { project, region, group } = google;
    const place = { project, region, group, pool: 'media', autoscaler: 'ebbtide-media' };
    await act(createCompute({ client, clock: createRealClock(), ...place }), google);
    return requests;
  }
  const machine = { name: 'ebbtide-media-aaaa', zone: 'europe-west1-b' };
  const instance = { ...machine, id: '100', status: 'RUNNING', labels: {}, labelFingerprint: '1' };

  const rows: [string, string[], (compute: Compute) => Promise<unknown>][] = [
    ['the autoscaler', ['regionAutoscalers.get'], (given) => given.readAutoscaler()],
    ['the group', ['regionInstanceGroupManagers.get'], (given) => given.readGroup()],
    [
      'its machines, page by page',
      [
        'regionInstanceGroupManagers.listManagedInstances',
        'regionInstanceGroupManagers.listManagedInstances',
      ],
      (given) => given.listManaged(),
    ],
    [
      'all instances, page by page',
      ['instances.aggregatedList', 'instances.aggregatedList'],
      (given) => given.listInstances(),
    ],
    [
      'abandoning, to its end',
      ['regionInstanceGroupManagers.abandonInstances', 'regionOperations.get'],
      async (given) => given.follow(await given.abandon([machine])),
    ],
    [
      'deleting, to its end',
      ['instances.delete', 'zoneOperations.get'],
      async (given) => {
        const operation = await given.delete(machine);
        if (operation) await given.follow(operation);
      },
    ],
    ['labels', ['instances.setLabels'], (given) => given.addLabels(instance, { 'ebbtide-decision': 'd-1' })],
  ];
  for (const [what, methods, act] of rows) {
    it(what, async () => {
      const requests = await sent(act);
      assert.equal(requests.length, methods.length);
      for (const [index, request] of requests.entries()) {
        assert.deepEqual(problemsOf(methods[index] ?? '', request), []);
      }
    });
  }
});

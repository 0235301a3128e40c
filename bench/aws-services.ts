import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { busyStatus } from './measure.ts';

/** How long S3 takes over an object, and over a page of a list; and what else is asked. */
export const DELAYS_MS = { object: 20, list: 60, other: 100 };
const PAGE = 1_000;
const ROLE = 'AROAEXAMPLEEXAMPLEEXAMPLE';

export interface AwsServices {
  /** What points a function at them. */
  environment: Record<string, string>;
  /** What was asked since it was last looked at: `get`, `list`, `put`, and actions by their name. */
  counted(): Record<string, number>;
  /** What functions have written. */
  written: Map<string, string>;
  close(): Promise<void>;
}

export function nodeName(index: number): string {
  // Spread over all that there are, as AWS spreads them.
  return `i-0${((index * 0x9e3779b1) % 2 ** 32).toString(16).padStart(8, '0')}${index.toString(16).padStart(8, '0')}`;
}

/** As much of S3, Auto Scaling and CloudWatch as the functions use, over TLS, with so many nodes that are well. */
export async function startAwsServices(nodes: number): Promise<AwsServices> {
  const folder = await mkdtemp(join(tmpdir(), 'ebbtide-bench-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const names = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  const making = ['req', '-x509', ...curve, '-nodes', '-days', '2', '-keyout', key, '-out', cert, ...names];
  execFileSync('openssl', making, { stdio: 'ignore' });

  const statuses = new Map<string, { node: string; index: number }>(
    Array.from({ length: nodes }, (_, index) => nodeName(index))
      .map((node, index) => [`statuses/${ROLE}:${node}.json`, { node, index }] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
  const keys = [...statuses.keys()];
  const written = new Map<string, string>();
  let counts: Record<string, number> = {};

  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, async (asked, answer) => {
    const chunks: Buffer[] = [];
    for await (const chunk of asked) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const url = new URL(asked.url ?? '/', 'https://aws');
    const object = decodeURIComponent(url.pathname).replace('/bench/', '');
    const action = asked.method === 'POST' ? (new URLSearchParams(body).get('Action') ?? '') : '';
    const kind = action || (asked.method === 'PUT' ? 'put' : object === '' ? 'list' : 'get');
    counts[kind] = (counts[kind] ?? 0) + 1;
    await sleep(kind === 'list' ? DELAYS_MS.list : action ? DELAYS_MS.other : DELAYS_MS.object);
    const said = respond(kind, object, url, body);
    answer.writeHead(said === undefined ? 404 : 200, {
      'last-modified': new Date().toUTCString(),
      etag: '"1"',
    });
    answer.end(said ?? '<Error><Code>NoSuchKey</Code></Error>');
  });

  function respond(kind: string, object: string, url: URL, body: string): string | undefined {
    switch (kind) {
      case 'list':
        return list(url.searchParams);
      case 'put':
        written.set(object, body);
        return '';
      case 'get': {
        const found = statuses.get(object);
        if (found === undefined) return written.get(object);
        return JSON.stringify(
          busyStatus(found.index, { node: found.node, cloud: 'aws', zone: 'eu-west-1a' }),
        );
      }
      case 'DescribeAutoScalingGroups':
        return group(nodes);
      default:
        return `<${kind}Response><${kind}Result/></${kind}Response>`;
    }
  }

  function list(query: URLSearchParams): string {
    const prefix = query.get('prefix') ?? '';
    const after = query.get('continuation-token') ?? query.get('start-after') ?? '';
    const from = keys.findIndex((each) => each > after && each.startsWith(prefix));
    const page = from < 0 ? [] : keys.slice(from, from + PAGE);
    const isTruncated = from >= 0 && from + PAGE < keys.length;
    const at = new Date().toISOString();
    const contents = page.map(
      (each) =>
        `<Contents><Key>${each}</Key><LastModified>${at}</LastModified><ETag>&quot;1&quot;</ETag><Size>900</Size><StorageClass>STANDARD</StorageClass></Contents>`,
    );
    const next = isTruncated ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : '';
    return `<ListBucketResult><IsTruncated>${isTruncated}</IsTruncated>${next}${contents.join('')}</ListBucketResult>`;
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    environment: {
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'bench',
      AWS_SECRET_ACCESS_KEY: 'bench',
      AWS_ENDPOINT_URL: `https://127.0.0.1:${port}`,
      NODE_EXTRA_CA_CERTS: cert,
    },
    counted() {
      const counted = counts;
      counts = {};
      return counted;
    },
    written,
    async close() {
      server.close();
      server.closeAllConnections();
      await rm(folder, { recursive: true });
    },
  };
}

/** As Auto Scaling describes a group, with all that it says of a machine. */
function group(nodes: number): string {
  const members = Array.from(
    { length: nodes },
    (_, index) =>
      `<member><InstanceId>${nodeName(index)}</InstanceId><AvailabilityZone>eu-west-1a</AvailabilityZone>` +
      '<LifecycleState>InService</LifecycleState><HealthStatus>Healthy</HealthStatus><InstanceType>c7i.large</InstanceType>' +
      '<LaunchTemplate><LaunchTemplateId>lt-0123456789abcdef0</LaunchTemplateId><LaunchTemplateName>ebbtide-media</LaunchTemplateName>' +
      '<Version>3</Version></LaunchTemplate><ProtectedFromScaleIn>false</ProtectedFromScaleIn></member>',
  );
  return (
    '<DescribeAutoScalingGroupsResponse><DescribeAutoScalingGroupsResult><AutoScalingGroups><member>' +
    '<AutoScalingGroupName>ebbtide-media</AutoScalingGroupName><MinSize>1</MinSize><MaxSize>10000</MaxSize>' +
    `<DesiredCapacity>${nodes}</DesiredCapacity><Instances>${members.join('')}</Instances>` +
    '</member></AutoScalingGroups></DescribeAutoScalingGroupsResult></DescribeAutoScalingGroupsResponse>'
  );
}

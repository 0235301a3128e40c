import { createServer, type Server } from 'node:http';
import type { Agent } from '../agent.ts';
import { writeExposition } from './exposition.ts';
import { processMetrics } from './metrics.ts';

/** `/healthz` (200 only while this node takes new work) and `/metrics`, for load balancers and Prometheus. */
export function createHttpServer(agent: Agent): Server {
  const startedAt = agent.now();
  return createServer((request, response) => {
    const path = (request.url ?? '/').split('?')[0];
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end('only GET and HEAD are served here\n');
    } else if (path === '/healthz') {
      const { phase } = agent.status();
      const healthy = agent.takesWork();
      response.writeHead(healthy ? 200 : 503, { 'content-type': 'text/plain' });
      response.end(healthy ? `${phase}\n` : `${phase}: takes no new work\n`);
    } else if (path === '/metrics') {
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
      const own = processMetrics(startedAt, process.memoryUsage.rss());
      response.end(writeExposition([...agent.metrics(), ...own]));
    } else {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('there is /healthz and /metrics\n');
    }
  });
}

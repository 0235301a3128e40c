/**
 * Stands in for egress, ingress and an agent in a container: what they tell, and what they do on a signal.
 *   node media-stand-in.mjs egress|ingress|agent PORT SIGNALS_FILE
 * `PUT /jobs?n=2` sets how many jobs it has; each signal is a line of the file.
 */
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';

const [kind, port, signalsFile] = process.argv.slice(2);
let jobs = 0;
let signals = 0;

const pages = {
  egress: () => JSON.stringify({ CpuLoad: 2.5, ...Object.fromEntries(Array.from({ length: jobs }, (_, n) => [`EG_${n}`, {}])) }),
  ingress: () =>
    `livekit_ingress_available{node_id="NE_1"} ${signals === 0 ? 1 : 0}\n${jobs === 0 ? '' : `livekit_ingress_requests{node_id="NE_1",transcoding="true",type="rtmp"} ${jobs}\n`}`,
  agent: () => JSON.stringify({ agent_name: 'stand-in', active_jobs: jobs }),
};

function endWhenDone() {
  if (signals > 0 && jobs === 0) process.exit(kind === 'agent' ? 143 : 0);
}

for (const signal of ['SIGQUIT', 'SIGTERM']) {
  process.on(signal, () => {
    appendFileSync(signalsFile, `${kind} ${signal}\n`);
    signals += 1;
    // Egress and ingress take no second one; agents end at once.
    if (signals === 2 && kind === 'agent') process.exit(1);
    endWhenDone();
  });
}

createServer((incoming, outgoing) => {
  const url = new URL(incoming.url, 'http://stand-in');
  if (incoming.method === 'PUT') jobs = Number(url.searchParams.get('n'));
  outgoing.end(pages[kind]());
  endWhenDone();
}).listen(Number(port), '127.0.0.1');

// As DigitalOcean's runtime holds a function: loaded once, then called with one event after another (lines on stdin).
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const { main } = createRequire(import.meta.url)(process.argv[2]);
for await (const line of createInterface({ input: process.stdin })) {
  const answer = await main(JSON.parse(line), {});
  const peakMb = Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024;
  process.stdout.write(`ANSWER ${JSON.stringify({ answer, peakMb })}\n`);
}

import assert from 'node:assert/strict';
import type { Decision } from '../../../fleet/decision.ts';
import type { OrchestratorSettings } from '../../../fleet/digitalocean-function-settings.ts';
import type { SendHttp } from '../../../fleet/http.ts';
import {
  composeOrchestrator,
  type Surroundings,
} from '../../../functions/digitalocean/orchestrator/compose.ts';
import { orchestrate } from '../../../functions/digitalocean/orchestrator/orchestrate.ts';
import { type OceanRequest, OceanStandIn } from '../../support/ocean-stand-in.ts';
import { orchestratorParameters, USER_DATA, USER_DATA_KEY } from '../../support/orchestrator-parameters.ts';
import { NOW, statusOf } from './fleet.ts';
import { type Line as LineTo, LONG_LOW, stillClock, straight } from './line.ts';

export type Line = LineTo<OceanRequest>;

export function surroundings(ocean: OceanStandIn, line: Line, lines: string[] = []): Surroundings {
  const send: SendHttp = ({ method, url, body = '', headers = {} }) => {
    const request = { method, url: new URL(url), body, headers };
    return line(request, () => ocean.answer(request));
  };
  const clock = stillClock(() => ocean.now(), 3_000);
  return { environment: {}, clock, random: Math.random, write: (text) => lines.push(text), send };
}

export const toolsOf = (
  ocean: OceanStandIn,
  changed: Partial<OrchestratorSettings> = {},
  line: Line = straight,
) => composeOrchestrator(orchestratorParameters(changed), surroundings(ocean, line));

export const run = (ocean: OceanStandIn, changed?: Partial<OrchestratorSettings>, line?: Line) =>
  orchestrate(toolsOf(ocean, changed, line));

export const nameOf = (index: number) => `ebbtide-media-${String(index).padStart(8, '0')}`;

/** A pool of so many, each as busy as is said, and an excess that has lasted. */
export function poolOf(cpus: number[]): OceanStandIn {
  const ocean = new OceanStandIn();
  ocean.now = () => NOW;
  ocean.put('memory/orchestrator.json', LONG_LOW);
  ocean.put('memory/droplets.json', { v: 1, births: [], off: [] });
  ocean.put(USER_DATA_KEY, USER_DATA);
  cpus.forEach((cpu, index) => {
    const { id } = ocean.addDroplet(nameOf(index));
    ocean.say(statusOf(nameOf(index), { machine: String(id), cpu, work: { rooms: index } }));
  });
  return ocean;
}

export const decisionOf = (ocean: OceanStandIn, node: string) =>
  ocean.read(`decisions/${node}.json`) as Decision | undefined;

/** What an agent does with its decision: it has drained, and says so. */
export function drain(ocean: OceanStandIn, node: string, secret?: string | null): void {
  const decision = decisionOf(ocean, node) ?? assert.fail(`${node} is not decided`);
  const at = new Date(ocean.now()).toISOString();
  ocean.say(statusOf(node, { machine: decision.machine, phase: 'empty', decision, at }), secret);
}

export const effects = (ocean: OceanStandIn) =>
  ocean.asked.filter((what) => !/^(GET|LIST) |memory\/(runs\/|aside\/|health\.json)/.test(what));

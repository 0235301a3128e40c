import * as v from 'valibot';
import type { Standing, TwinEvent } from '../cloud/events.ts';
import type { CloudName } from '../cloud/names.ts';
import { nodesInService } from '../cloud/nodes-in-service.ts';
import type { NewTwin, TwinCloud, TwinInstance } from '../cloud/twin-cloud.ts';
import type { LogLine } from '../instance/lab-machine.ts';
import { LabMachines } from '../instance/machine-factory.ts';
import type { MediaDriver, MediaNode } from '../media/driver.ts';
import { People } from './people.ts';
import type { NodePhase, NodePicture, RunPicture } from './picture.ts';
import type { DayPlan } from './plan.ts';
import type { Mode, RunReport } from './report.ts';
import {
  type News,
  newTally,
  type Observation,
  observe,
  savedMs,
  scaleInsDone,
  type Tally,
} from './tally.ts';

export interface RunOptions {
  cloud: CloudName;
  mode: Mode;
  media: 'twin' | 'container' | 'livekit';
  newTwin: NewTwin;
  factor: number;
  plan: DayPlan;
  driver: MediaDriver;
  images: ReadonlyMap<string, readonly string[]> | undefined;
  onNews: (news: News) => void;
}

const AGENT_UNIT = 'ebbtide-agent.service';
const agentLineSchema = v.looseObject({
  at: v.pipe(v.string(), v.isoTimestamp()),
  level: v.string(),
  event: v.string(),
});

/** A fleet that has been provisioned and not begun: `start` lets its group launch the first machines. */
export async function createRun(options: RunOptions): Promise<Run> {
  const { mode, newTwin, factor, plan, driver, images, onNews } = options;
  const watch = new Watch(mode, onNews);
  const tell = (observation: Observation) => watch.tell(observation);
  const machines: LabMachines = new LabMachines({
    cpuOf: (instance) => people.on(instance).cpu,
    onLog: (line) => readAgentLine(line, tell),
    signalsAreHeard: true,
    images,
  });
  const onEvent = (event: TwinEvent) => tell({ kind: 'cloud', event });
  const twin: TwinCloud = newTwin({ machines, mode, factor, onEvent });
  const nodes = (): MediaNode[] => nodesInService(twin, machines);
  const people: People = new People({ plan, driver, nodes, tell, mayFail: mode === 'control' });
  return new Run({ options, watch, machines, twin, people });
}

/** Keeps the tally of a run, and passes on what is new in it. */
class Watch {
  tally: Tally;
  readonly #onNews: (news: News) => void;

  constructor(mode: Mode, onNews: (news: News) => void) {
    this.tally = newTally(mode);
    this.#onNews = onNews;
  }

  tell(observation: Observation): void {
    const told = this.tally.news.length;
    this.tally = observe(this.tally, observation);
    for (const news of this.tally.news.slice(told)) this.#onNews(news);
  }
}

interface RunParts {
  options: RunOptions;
  watch: Watch;
  machines: LabMachines;
  twin: TwinCloud;
  people: People;
}

/** One day of one fleet: a twin cloud, its machines, and the people on them. */
export class Run {
  readonly mode: Mode;
  readonly people: People;
  readonly #options: RunOptions;
  readonly #watch: Watch;
  readonly #machines: LabMachines;
  readonly #twin: TwinCloud;

  constructor({ options, watch, machines, twin, people }: RunParts) {
    this.mode = options.mode;
    this.people = people;
    this.#options = options;
    this.#watch = watch;
    this.#machines = machines;
    this.#twin = twin;
  }

  get tally(): Tally {
    return this.#watch.tally;
  }

  start(): void {
    this.#twin.start();
  }

  nodesInService(): number {
    return nodesInService(this.#twin, this.#machines).length;
  }

  /** The group is as small as it may be, and every machine that it let go is gone. */
  isSettled(): boolean {
    const size = this.#twin.size();
    if (size === undefined) return true;
    const running = this.#twin.instances().filter((instance) => instance.running);
    return (
      size.desired === size.min &&
      running.length === size.min &&
      running.every(({ standing }) => standing === 'serving')
    );
  }

  picture(): RunPicture {
    const { min, max, desired } = this.#twin.size() ?? { min: 0, max: 0, desired: 0 };
    const { callsCut, callsLost } = this.tally;
    const nodes = this.#twin.instances().map((instance) => this.#nodePicture(instance));
    return { mode: this.mode, min, max, desired, nodes, ...this.people.all(), callsCut, callsLost };
  }

  report(): RunReport {
    const { tally } = this;
    const drains = this.mode === 'ebbtide' ? tally.drains : [];
    return {
      cloud: this.#options.cloud,
      media: this.#options.media,
      mode: this.mode,
      scaleIns: { asked: tally.askedBack, done: scaleInsDone(tally) },
      rooms: tally.rooms,
      participants: tally.participants,
      callsCut: tally.callsCut,
      callsLost: tally.callsLost,
      signalMs: drains.flatMap(({ signalledAt, decidedAt }) =>
        signalledAt === undefined ? [] : [signalledAt - decidedAt],
      ),
      drainMs: drains.flatMap(({ goneAt, decidedAt }) => (goneAt === undefined ? [] : [goneAt - decidedAt])),
      releaseMs: drains.flatMap(({ emptyAt, goneAt }) =>
        emptyAt === undefined || goneAt === undefined ? [] : [goneAt - emptyAt],
      ),
      nodeSeconds: Math.round(this.#twin.nodeSeconds()),
      nodeSecondsSaved: Math.round((savedMs(tally, Date.now()) / 1000) * this.#options.factor),
      leaked: this.#twin.leaked().length,
      refusedCalls: this.#twin.refused().length,
    };
  }

  async close(): Promise<void> {
    await this.#twin.close();
    await this.#machines.dispose();
  }

  #nodePicture({ id, zone, standing, running }: TwinInstance): NodePicture {
    const drain = this.tally.drains.find(({ instance }) => instance === id);
    const { rooms, people, cpu } = this.people.on(id);
    const phase = phaseOf(standing, running, drain?.emptyAt !== undefined);
    const drainingMs =
      drain === undefined || this.mode === 'control'
        ? undefined
        : (drain.goneAt ?? Date.now()) - drain.decidedAt;
    return {
      id,
      zone,
      phase,
      rooms,
      people,
      cpu: running ? cpu : 0,
      ...(drainingMs === undefined ? {} : { drainingMs }),
    };
  }
}

function phaseOf(standing: Standing, running: boolean, empty: boolean): NodePhase {
  if (!running && standing !== 'booting') return 'gone';
  switch (standing) {
    case 'draining':
      return empty ? 'empty' : 'draining';
    case 'booting':
    case 'serving':
    case 'kept':
    case 'leaving':
    case 'gone':
      return standing;
  }
}

/** The agent logs JSON and nothing else: any other line is a crash of it. */
function readAgentLine({ instanceId, unit, line }: LogLine, tell: (observation: Observation) => void): void {
  if (unit !== AGENT_UNIT || line.trim() === '') return;
  const parsed = v.safeParse(agentLineSchema, parseJson(line));
  if (!parsed.success) {
    tell({ kind: 'trouble', at: Date.now(), text: `the agent on ${instanceId} wrote: ${line}` });
    return;
  }
  const { at, level, event, ...fields } = parsed.output;
  tell({ kind: 'agent', instance: instanceId, at: Date.parse(at), level, event, fields });
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

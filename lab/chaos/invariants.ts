import * as v from 'valibot';
import type { Told } from './happening.ts';
import type { Bounds } from './plan.ts';

/** What must never happen, checked with everything that happens. Gives what is wrong; mostly nothing. */
export interface Invariants {
  note(told: Told): string[];
}

interface Node {
  on: boolean;
  /** Chosen to go, and not given back yet. */
  chosenAndHere: boolean;
  drainingSince: number | undefined;
  /** By their ids, where its cloud writes them down. */
  decisions: Set<string>;
}

interface Life {
  drains: number;
  /** Those that it did not hear: without another, it never ends. */
  unheard: number;
  cutByUs: boolean;
}

/** Who writes a decision down for one machine before it goes, and tells its id. */
const WRITTEN_BY = ['pruner', 'runbook', 'orchestrator'];
const decisionSchema = v.object({ id: v.string(), by: v.string() });
/** Telling the time of a drain takes the agent no longer. */
const SLACK_MS = 1_000;

export function createInvariants(bounds: Bounds): Invariants {
  const nodes = new Map<string, Node>();
  const lives = new Map<string, Life>();

  function nodeOf(id: string): Node {
    const known = nodes.get(id) ?? {
      on: true,
      chosenAndHere: false,
      drainingSince: undefined,
      decisions: new Set(),
    };
    nodes.set(id, known);
    return known;
  }
  function lifeOf(node: string, id: string): Life {
    const key = `${node} ${id}`;
    const known = lives.get(key) ?? { drains: 0, unheard: 0, cutByUs: false };
    lives.set(key, known);
    return known;
  }

  function note(told: Told): string[] {
    switch (told.kind) {
      case 'wanted': {
        const node = nodeOf(told.node);
        if (told.decision !== undefined) node.decisions.add(told.decision);
        if (told.unfounded !== undefined) return [`${told.node} was chosen, and ${told.unfounded}`];
        if (!told.chosen || node.chosenAndHere) return [];
        node.chosenAndHere = true;
        const atOnce = [...nodes.values()].filter(({ chosenAndHere }) => chosenAndHere).length;
        return atOnce > bounds.maxDrains
          ? [`${atOnce} nodes drain at once, and ${bounds.maxDrains} are allowed`]
          : [];
      }
      case 'taken-out':
        return told.decided ? [] : [`${told.node} was taken out of its group, and nobody had decided that`];
      case 'woken':
        return told.saidEmpty
          ? []
          : [`${told.node} asked to be ended, and its status did not say that it is empty`];
      case 'signalled':
        return signalled(told);
      case 'media-ended': {
        const { cutByUs } = lifeOf(told.node, told.life);
        return told.how === 'told twice' && told.people > 0 && !cutByUs
          ? [`${told.people} people on ${told.node} were cut off by a second signal`]
          : [];
      }
      case 'released':
        nodeOf(told.node).chosenAndHere = false;
        if (told.people > 0) return [`${told.node} was given back with ${told.people} people on it`];
        return told.running.length > 0
          ? [`${told.node} was given back while ${told.running.join(', ')} ran on it`]
          : [];
      case 'machine-off': {
        const node = nodeOf(told.node);
        node.on = false;
        node.chosenAndHere = false;
        return told.people > 0 && !told.taken
          ? [`${told.node} was ended with ${told.people} people on it`]
          : [];
      }
      case 'hold-lost':
        nodeOf(told.node).chosenAndHere = false;
        return told.disturbed ? [] : [`${told.node} was not held, and nothing kept its agent from it`];
      case 'broken':
        return [`the ${told.name} fell: ${told.problem}`];
      case 'wrong':
        return [told.what];
      case 'agent-says':
        return says(told);
      case 'asked-to-resume':
        if (told.answer === 'accepted') nodeOf(told.node).drainingSince = undefined;
        return [];
      default:
        return [];
    }
  }

  function signalled(told: Extract<Told, { kind: 'signalled' }>): string[] {
    const { node, life: id, signal, people, at } = told;
    const life = lifeOf(node, id);
    if (signal === 'drain') {
      life.drains += 1;
      const most = people === 0 ? 1 + life.unheard : 1;
      if (told.unheard) life.unheard += 1;
      return life.drains > most ? [`${id} on ${node} was signalled ${life.drains} times`] : [];
    }
    life.cutByUs = true;
    if (bounds.cutAfterMs === undefined)
      return [`${id} on ${node} was cut, and no ceiling says so (${people} people)`];
    const { drainingSince } = nodeOf(node);
    const forMs = drainingSince === undefined ? 0 : at - drainingSince;
    return forMs + SLACK_MS < bounds.cutAfterMs
      ? [`${id} on ${node} was cut after ${forMs} ms, and the ceiling is ${bounds.cutAfterMs} ms`]
      : [];
  }

  function says({ node, event, fields, at }: Extract<Told, { kind: 'agent-says' }>): string[] {
    if (event === 'drain-decided') nodeOf(node).drainingSince ??= at;
    if (event === 'drain-decided' || event === 'decision-replaced') {
      const decision = v.safeParse(decisionSchema, fields.decision);
      // Agents make decisions of their own too, which nobody else writes down.
      if (decision.success && WRITTEN_BY.includes(decision.output.by)) {
        const { id } = decision.output;
        if (!nodeOf(node).decisions.has(id))
          return [`${node} drains for ${id}, which nobody decided about it`];
      }
    }
    // Nobody waits for the last call any more: what is left is the cloud's.
    if (event === 'empty') nodeOf(node).chosenAndHere = false;
    if (event === 'media-came-back') nodeOf(node).drainingSince = at;
    return [];
  }

  return { note };
}

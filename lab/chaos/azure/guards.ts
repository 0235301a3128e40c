import type { Guard } from '../guard.ts';

const RUNBOOK = 'functions/azure/scale-in';

/** In what only Azure has: its runbook, the scheduled events, and what agents do for both. */
export const AZURE_GUARDS: readonly Guard[] = [
  {
    name: 'a node of which nothing is known counts as load at its fullest',
    file: `${RUNBOOK}/plan.py`,
    guard: 'load += 0 if is_silent(reading, node["createdAt"], now) else 1',
    instead: 'load += 0',
  },
  {
    name: 'what was said long ago is not known any more',
    file: `${RUNBOOK}/world.py`,
    guard: 'if blob["ageMs"] > STALE_MS:',
    instead: 'if False:',
  },
  {
    name: 'the words of an earlier machine of its name are none of this one',
    file: `${RUNBOOK}/world.py`,
    guard: 'if machine_of(status) not in ("", instance["machine"]):',
    instead: 'if False:',
  },
  {
    name: 'what is off serves nobody',
    file: `${RUNBOOK}/plan.py`,
    guard: 'if not (node["decision"] or node["doubt"] or node["stopped"])]',
    instead: 'if not (node["decision"] or node["doubt"])]',
  },
  {
    name: 'no more are marked than the load does without',
    file: `${RUNBOOK}/plan.py`,
    guard: 'choose_victims(candidates, serving - enough, rules, now)',
    instead: 'choose_victims(candidates, len(candidates), rules, now)',
  },
  {
    name: 'drains under way count against their bound (runbook)',
    file: `${RUNBOOK}/choice.py`,
    guard: '(most - under_way, ',
    instead: '(most, ',
  },
  {
    name: 'a decision that was not heard yet is a drain',
    file: `${RUNBOOK}/plan.py`,
    guard: 'if node["decision"] and not is_silent(',
    instead: 'if False and not is_silent(',
  },
  {
    name: 'a node that a person protects is not chosen',
    file: `${RUNBOOK}/world.py`,
    guard: 'status["protected"] = status["protected"] or instance["protected"]',
    instead: 'status["protected"] = False',
  },
  {
    name: 'a node is deleted only once it says that it is empty',
    file: `${RUNBOOK}/plan.py`,
    guard: 'not is_fresh(reading, "empty", "leaving") or ',
    instead: 'reading["kind"] != "fresh" or ',
  },
  {
    name: 'only the last seconds tell that a node is empty',
    file: `${RUNBOOK}/plan.py`,
    guard: ' or reading["ageMs"] > EMPTY_WORD_MS:',
    instead: ':',
  },
  {
    name: 'one run at a time: the lock is of one holder',
    file: `${RUNBOOK}/lock.py`,
    guard: 'self.id = str(uuid.uuid4())',
    instead: 'self.id = "11111111-1111-4111-8111-111111111111"',
  },
  {
    name: 'who lost the lock decides nothing more',
    file: `${RUNBOOK}/steps.py`,
    guard: 'node["condition"], run.lock.check)',
    instead: 'node["condition"])',
  },
  {
    name: 'who stood still until the lock ran out decides nothing more',
    file: `${RUNBOOK}/lock.py`,
    guard: 'if held_s >= LEASE_S:',
    instead: 'if False:',
  },
  {
    name: 'every instance is protected from scale-in',
    file: `${RUNBOOK}/plan.py`,
    guard: '"protections": [each for each in bare if each["node"] not in leaving][:PROTECTED_IN_ALL],',
    instead: '"protections": [],',
  },
  {
    name: 'what was decided about an earlier machine of its name is nothing (agent)',
    file: 'node-agent/clouds/mailbox.ts',
    guard: 'if (decision.machine !== machine || ',
    instead: 'if (',
  },
  {
    name: 'a node wakes the runbook only after its status says that it is empty',
    file: 'node-agent/core/leave-rules.ts',
    guard: "if (settings.leavesBy === 'status' && !isTold(state)) return unchanged(state);",
    instead: '',
  },
  {
    name: 'what is ahead of others is nothing to this machine',
    file: 'node-agent/clouds/azure/scheduled-events.ts',
    guard: '({ names }) => names.includes(name),',
    instead: '({ names }) => names.length > 0,',
  },
  {
    name: 'a machine lets its end begin only when it is empty, or due',
    file: 'node-agent/core/leave-rules.ts',
    guard: '(isEmpty || due) && ',
    instead: '',
  },
];

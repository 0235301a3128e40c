import { applyProgram } from '../../lab/aws/apply.ts';
import type { AwsTwin } from '../../lab/aws/aws-twin.ts';
import { awsPerson } from '../support/fleet-person.ts';
import { startTwin } from './support/aws/twin.ts';
import { holdRights, type Less, withoutEach } from './support/rights/hold.ts';
import { smallPool } from './support/small-pool.ts';

interface Statement {
  Sid: string;
  Effect: string;
  Action: string[];
  Resource: string[];
  Condition?: Record<string, Record<string, string[]>>;
}

/** Every action, resource and value of a condition, each left out once. */
function lessOf({
  Action,
  Resource,
  Condition,
  ...rest
}: Statement): { told: string | string[]; without: string; left: Statement[] }[] {
  const some = (left: Statement, of: readonly unknown[]) => (of.length === 0 ? [] : [left]);
  const [told = ''] = Action;
  return [
    ...withoutEach(Action, (action, left) => ({
      told: action,
      without: action,
      left: some({ ...rest, Action: left, Resource, ...(Condition && { Condition }) }, left),
    })),
    ...withoutEach(Resource, (resource, left) => ({
      told: Action,
      without: `${told} on ${resource}`,
      left: some({ ...rest, Action, Resource: left, ...(Condition && { Condition }) }, left),
    })),
    ...Object.entries(Condition ?? {}).flatMap(([operator, keys]) =>
      Object.entries(keys).flatMap(([key, values]) =>
        withoutEach(values, (value, left) => ({
          told,
          without: `${told} where ${key} is ${value}`,
          left: [{ ...rest, Action, Resource, Condition: { [operator]: { [key]: left } } }],
        })),
      ),
    ),
  ];
}

holdRights<AwsTwin>({
  cloud: 'aws',
  async start() {
    const applied = await applyProgram(smallPool('aws', {}, { 'aws:region': 'eu-west-1' }));
    // Nobody but the test decides.
    const model = { ...applied.model, schedules: [], alarms: [] };
    const { twin } = await startTwin({ ...applied, model }, { factor: 60, cpu: () => 42 });
    const hook = model.groups[0]?.hooks.find(({ transition }) => transition === 'launching')?.name ?? '';
    twin.onEvent((event) => {
      if (event.kind !== 'instance' || event.to !== 'Pending:Wait') return;
      const { instance } = event;
      setImmediate(() => twin.groups()[0]?.complete({ instance, hook, result: 'CONTINUE' }));
    });
    return { twin, address: applied.outputs.address };
  },
  person: awsPerson,
  bucketOf: (address) => (address.cloud === 'aws' ? address.bucket : ''),
  machineOf: (_twin, node) => node,
  lessOf({ text, steps }): Less[] {
    const { Statement: all, ...document }: { Statement: Statement[] } = JSON.parse(text);
    return all.flatMap((statement, index) =>
      lessOf(statement).map(({ told, without, left }) => ({
        told,
        without,
        policy: {
          text: JSON.stringify({ ...document, Statement: all.toSpliced(index, 1, ...left) }),
          steps,
        },
      })),
    );
  },
});

import { parse, stringify } from 'yaml';
import type { GcpTwin } from '../../lab/gcp/gcp-twin.ts';
import { gcpPerson } from '../support/fleet-person.ts';
import { applyPool, startTwin } from './support/gcp/twin.ts';
import { holdRights, type Less, withoutEach } from './support/rights/hold.ts';

interface Role {
  name: string;
  includedPermissions: string[];
}
interface Binding {
  role: string;
  condition?: { title: string; expression: string };
}
interface Rights {
  roles: Role[];
  policies: { resource: string; bindings: Binding[] }[];
}

holdRights<GcpTwin>({
  cloud: 'gcp',
  async start() {
    const applied = await applyPool();
    // Nobody but the test decides.
    const model = { ...applied.model, jobs: [] };
    const { twin } = await startTwin({ ...applied, model }, { factor: 60, cpu: () => 42 });
    return { twin, address: applied.outputs.address };
  },
  person: gcpPerson,
  bucketOf: (address) => (address.cloud === 'gcp' ? address.bucket : ''),
  machineOf: (twin, node) => twin.machines().find(({ name }) => name === node)?.id ?? '',
  lessOf({ text, steps }): Less[] {
    const rights: Rights = parse(text);
    const less = (
      without: string,
      permissions: string | readonly string[],
      left: Rights,
      isQuiet = false,
    ): Less => ({
      without,
      told: [permissions].flat().map((permission) => `the permission ${permission}`),
      isQuiet,
      policy: { text: stringify(left), steps },
    });
    const allOf = (name: string) =>
      rights.roles.find((role) => role.name === name)?.includedPermissions ?? [];
    const ofRoles = rights.roles.flatMap((role, index) =>
      withoutEach(role.includedPermissions, (permission, left) => {
        // Google takes no role that holds nothing.
        const includedPermissions = left.length === 0 ? ['compute.zones.get'] : left;
        const roles = rights.roles.toSpliced(index, 1, { ...role, includedPermissions });
        // Who has rolled says so over what was said before, and does not fail where that cannot be.
        const isQuiet = role.name.endsWith('_rolls') && permission === 'storage.objects.delete';
        return less(permission, permission, { ...rights, roles }, isQuiet);
      }),
    );
    const ofBindings = rights.policies.flatMap((policy, index) => {
      const changed = (bindings: Binding[]) => ({
        ...rights,
        policies: rights.policies.toSpliced(index, 1, { ...policy, bindings }),
      });
      const whole = withoutEach(policy.bindings, ({ role }, left) =>
        less(`${role} on ${policy.resource}`, allOf(role), changed(left)),
      );
      const parts = policy.bindings.flatMap((binding, at) =>
        withoutEach(binding.condition?.expression.split(' || ') ?? [], (part, left) => {
          const expression = left.length === 0 ? 'resource.name == "nothing"' : left.join(' || ');
          const narrower = { ...binding, condition: { title: 'less', expression } };
          return less(part, allOf(binding.role), changed(policy.bindings.toSpliced(at, 1, narrower)));
        }),
      );
      return [...whole, ...parts];
    });
    return [...ofRoles, ...ofBindings];
  },
});

/** The one direction of dependencies: fleet <- node-agent, functions, cli <- stacks; lab and test see everything. */
const only = (from, allowed) => ({
  name: `${from}-sees-only-${allowed.join('-') || 'itself'}`,
  severity: 'error',
  from: { path: `^${from}/` },
  to: { path: '^(fleet|node-agent|functions|cli|providers|stacks|lab|bench|test)/', pathNot: `^(${[from, ...allowed].join('|')})/` },
});

module.exports = {
  forbidden: [
    only('fleet', []),
    only('node-agent', ['fleet']),
    only('functions', ['fleet']),
    only('cli', ['fleet']),
    only('providers', ['fleet']),
    only('stacks', ['fleet', 'providers']),
    {
      name: 'core-is-pure',
      severity: 'error',
      comment: 'The agent core decides; it reaches nothing outside.',
      from: { path: '^node-agent/core/' },
      to: { pathNot: '^(node-agent/core|fleet)/' },
    },
    {
      name: 'agent-without-pulumi',
      severity: 'error',
      from: { path: '^(fleet|node-agent|functions)/' },
      to: { path: 'node_modules/@pulumi' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default', 'types'] },
  },
};

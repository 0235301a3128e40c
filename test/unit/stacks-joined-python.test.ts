import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hasPython, PYTHON } from '../../lab/azure/automation/python.ts';
import { joinPython } from '../../stacks/joined-python.ts';

const RUNBOOK = fileURLToPath(new URL('../../functions/azure/scale-in', import.meta.url));

/** Prints the names that a module uses and neither has nor imports. */
const LACKING = `
import ast, builtins, sys
for file in sys.argv[1:]:
    tree = ast.parse(open(file).read())
    has = {each.id for each in ast.walk(tree) if isinstance(each, ast.Name) and not isinstance(each.ctx, ast.Load)}
    has |= {each.arg for each in ast.walk(tree) if isinstance(each, ast.arg)}
    has |= {each.name for each in ast.walk(tree) if hasattr(each, "name") and isinstance(each.name, str)}
    has |= {each.name.split(".")[0] for one in ast.walk(tree) if isinstance(one, (ast.Import, ast.ImportFrom)) for each in one.names}
    uses = {each.id for each in ast.walk(tree) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)}
    for name in sorted(uses - has - set(dir(builtins)) - {"__name__"}):
        print(file.rsplit("/", 1)[-1], name)
`;

describe('modules of Python that are published as one file', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ebbtide-python-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function joined(modules: Record<string, string>): string {
    for (const [name, text] of Object.entries(modules)) writeFileSync(join(folder, `${name}.py`), text);
    return joinPython(join(folder, 'entry.py'));
  }

  it('come once each, after what they import', function () {
    if (!hasPython()) this.skip();
    const text = joined({
      entry:
        'import math\nfrom one import ONE\nfrom two import two, TWO\nprint(math.floor(ONE + two() + TWO))\n',
      two: 'from one import ONE\nTWO = ONE + 1\n\ndef two():\n    return TWO\n',
      one: 'ONE = 1\n',
    });
    assert.deepEqual(text.match(/^# ---- .*$/gm), [
      '# ---- one.py ----',
      '# ---- two.py ----',
      '# ---- entry.py ----',
    ]);
    assert.equal(spawnSync(PYTHON, ['-c', text], { encoding: 'utf8' }).stdout, '5\n');
  });

  const refused: [string, Record<string, string>, RegExp][] = [
    [
      'in a circle',
      { entry: 'from one import a\n', one: 'from entry import b\n' },
      /entry imports one imports entry/,
    ],
    [
      'of one name for two things',
      { entry: 'from one import a\nb = 1\n', one: 'a, b = 1, 2\n' },
      /b stands in one.py and in entry.py/,
    ],
    [
      'that lack what is imported',
      { entry: 'from one import b\n', one: 'a = 1\nif a == b: pass\n' },
      /one.py has no b/,
    ],
    ['that call it otherwise', { entry: 'from one import a as b\n', one: 'a = 1\n' }, /cannot be joined/],
    ['that import all', { entry: 'from one import *\n', one: 'a = 1\n' }, /cannot be joined/],
  ];
  for (const [what, modules, says] of refused)
    it(`are refused: those ${what}`, () => assert.throws(() => joined(modules), says));

  describe('those of the runbook', () => {
    const files = readdirSync(RUNBOOK).filter((file) => file.endsWith('.py'));

    it('are all published', () => {
      const text = joinPython(join(RUNBOOK, 'scale_in.py'));
      const published = [...text.matchAll(/^# ---- (.*) ----$/gm)].map(([, file]) => file);
      assert.deepEqual(published.toSorted(), files.toSorted());
      assert.match(text, /sys.exit\(main\(sys.argv\[1:\], os.environ\)\)\n$/);
    });

    it('each name what they use of each other, as they would have to by themselves', function () {
      if (!hasPython()) this.skip();
      const paths = files.map((file) => join(RUNBOOK, file));
      const ran = spawnSync(PYTHON, ['-c', LACKING, ...paths], { encoding: 'utf8' });
      assert.deepEqual([ran.stdout, ran.stderr], ['', '']);
    });

    it('are short', () => {
      for (const file of files)
        assert.ok(readFileSync(join(RUNBOOK, file), 'utf8').split('\n').length <= 200, file);
    });
  });
});

/**
 * Mocha's own `spec`, and after it what was skipped, each by name, and the counts alone on the last line.
 * CommonJS, because mocha loads reporters with `require`.
 */
const { reporters, Runner } = require('mocha');

const { EVENT_RUN_END, EVENT_TEST_PENDING } = Runner.constants;

class Counts extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const skipped = [];
    runner.on(EVENT_TEST_PENDING, (test) => skipped.push(test.fullTitle()));
    runner.once(EVENT_RUN_END, () => {
      const { passes, failures } = this.stats;
      for (const title of skipped) console.log(`skipped: ${title}`);
      console.log(`${passes} passed, ${failures} failed, ${skipped.length} skipped`);
    });
  }
}

module.exports = Counts;

// A vitest reporter that says nothing: it counts, and writes what test/run.mjs tells at the end to the file CVTOOL_TALLY.
// A test that a pattern (-t) did not ask for is neither run nor left out.
import { writeFileSync } from 'node:fs';

export default class Tally {
  onInit(vitest) {
    this.asked = vitest.config.testNamePattern;
  }

  onTestRunEnd(modules, unhandledErrors) {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const inState = (state) => tests.filter((test) => test.result().state === state);
    // a file that cannot be loaded, or a hook that threw, fails without a failed test
    const suites = modules.flatMap((module) => [module, ...module.children.allSuites()]);
    const broken = suites.filter((suite) => suite.errors().length > 0).length;
    const leftOut = inState('skipped').filter((test) => this.asked === undefined || this.asked.test(wholeName(test)));
    const tally = {
      passed: inState('passed').length,
      failed: inState('failed').length + broken + unhandledErrors.length,
      leftOut: leftOut.map((test) => `${test.module.relativeModuleId}: ${wholeName(test)}${noteOf(test)}`),
    };
    writeFileSync(process.env.CVTOOL_TALLY, JSON.stringify(tally));
  }
}

/** As vitest matches it: the names of the suites around it, then its own. */
function wholeName(test) {
  const names = [];
  for (let at = test; at.type !== 'module'; at = at.parent) names.unshift(at.name);
  return names.join(' ');
}

function noteOf(test) {
  const { note } = test.result();
  return note === undefined ? '' : ` [${note}]`;
}

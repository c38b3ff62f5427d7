import { expect, test } from 'vitest';

import { handlersIn, whyNoHandlerPattern } from '../../src/recipe/handler-patterns.js';

const patterns = ['SetUpgradeHandler( "{name}"', 'UpgradeName: "{name}"'];

test.each([
  ['app.UpgradeKeeper.SetUpgradeHandler("v2.0.5", func(', ['v2.0.5']],
  ['SetUpgradeHandler(\n\t\t"v8 Rho",\n', ['v8 Rho']],
  ['\tUpgradeName:          "v2.2.0",\n\tUpgradeName: "v2.2.0"', ['v2.2.0']],
  ['SetUpgradeHandler("a", x)\nSetUpgradeHandler("b", y)\n', ['a', 'b']],
  ['SetUpgradeHandler(plan.Name, x)', []],
  ['HasHandler("v2.0.5")', []],
  ['SetUpgradeHandler("", x)', []],
])('%j handles %j', (source, names) => expect(handlersIn(source, patterns)).toEqual(names));

test('signs of a regular expression are only signs', () => {
  expect(handlersIn('f(a+)[x]("v1") f(aa)x("v2")', ['f(a+)[x]("{name}"'])).toEqual(['v1']);
});

test.each(['x', '{name}', '"{name}"', 'f({name})', 'f("{name}")("{name}")', `f('{name}")`])(
  '%s is no pattern',
  (pattern) => {
    expect(whyNoHandlerPattern(pattern)).toBeDefined();
  },
);

test.each([...patterns, "f('{name}')", 'f(`{name}`'])('%s is one', (pattern) =>
  expect(whyNoHandlerPattern(pattern)).toBeUndefined(),
);

test('a source made to be slow is not', () => {
  const source = `${'SetUpgradeHandler('.repeat(50_000)}${' '.repeat(500_000)}`; // quadratic: beyond the test's time limit
  expect(handlersIn(source, [...patterns, 'SetUpgradeHandler( ( "{name}"'])).toEqual([]);
});

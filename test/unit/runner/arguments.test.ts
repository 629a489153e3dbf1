import { expect, test } from '@jest/globals';
import { readArguments } from '../../runner/arguments.ts';

test.each([
  [[], ['checks', 'unit', 'testbed', 'browser', 'trends'], []],
  [['--only', 'trends'], ['trends'], []],
  [['--only', 'unit'], ['unit'], []],
  [['--only=checks', '--only', 'testbed'], ['checks', 'testbed'], []],
  [['test/unit/proto'], ['unit'], ['test/unit/proto']],
  [['--only', 'browser'], ['browser'], []],
  [['./test/browser/report.test.ts'], ['browser'], ['./test/browser/report.test.ts']],
  [['test/conformance/strategies.test.ts'], ['testbed'], ['test/conformance/strategies.test.ts']],
  [
    ['test/testbed/driver-netns.test.ts', '-t', 'up'],
    ['testbed'],
    ['test/testbed/driver-netns.test.ts', '-t', 'up'],
  ],
  [
    ['-t', 'faults'],
    ['unit', 'testbed', 'browser'],
    ['-t', 'faults'],
  ],
])('%j', (argv, parts, jestArgs) => {
  expect(readArguments(argv)).toEqual({ parts, jestArgs });
});

test('an unknown part is a problem', () => {
  expect(readArguments(['--only', 'unti'])).toContain('unti');
  expect(readArguments(['--only'])).toContain('nothing');
});

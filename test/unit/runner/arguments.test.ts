import { expect, test } from '@jest/globals';
import { readArguments } from '#test/runner/arguments';

test.each([
  [[], ['checks', 'unit', 'conformance', 'uml', 'testbed', 'browser', 'trends'], []],
  [['--only', 'trends'], ['trends'], []],
  [['--only', 'unit'], ['unit'], []],
  [['--only=checks', '--only', 'testbed'], ['checks', 'testbed'], []],
  [['test/unit/proto'], ['unit'], ['test/unit/proto']],
  [['test/uml/netem.test.ts'], ['uml'], ['test/uml/netem.test.ts']],
  [['test/unit/uml'], ['unit'], ['test/unit/uml']],
  [['--only', 'fast'], ['checks', 'unit'], ['--testPathIgnorePatterns=\\.(slow|fuzz)\\.test\\.ts$']],
  [['--only', 'browser'], ['browser'], []],
  [['./test/browser/report.test.ts'], ['browser'], ['./test/browser/report.test.ts']],
  [['test/conformance/strategies.test.ts'], ['conformance'], ['test/conformance/strategies.test.ts']],
  [
    ['test/testbed/driver-netns.test.ts', '-t', 'up'],
    ['testbed'],
    ['test/testbed/driver-netns.test.ts', '-t', 'up'],
  ],
  [
    ['-t', 'faults'],
    ['unit', 'conformance', 'uml', 'testbed', 'browser'],
    ['-t', 'faults'],
  ],
])('%j', (argv, parts, jestArgs) => {
  expect(readArguments(argv)).toEqual({ parts, jestArgs });
});

test('an unknown part is a problem', () => {
  expect(readArguments(['--only', 'unti'])).toContain('unti');
  expect(readArguments(['--only'])).toContain('nothing');
});

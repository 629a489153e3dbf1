import { expect, test } from '@jest/globals';
import { readArguments } from '../../runner/arguments.ts';

test.each([
  [[], ['checks', 'unit', 'testbed'], []],
  [['--only', 'unit'], ['unit'], []],
  [['--only=checks', '--only', 'testbed'], ['checks', 'testbed'], []],
  [['test/unit/proto'], ['unit'], ['test/unit/proto']],
  [
    ['test/testbed/driver-netns.test.ts', '-t', 'up'],
    ['testbed'],
    ['test/testbed/driver-netns.test.ts', '-t', 'up'],
  ],
  [
    ['-t', 'faults'],
    ['unit', 'testbed'],
    ['-t', 'faults'],
  ],
])('%j', (argv, parts, jestArgs) => {
  expect(readArguments(argv)).toEqual({ parts, jestArgs });
});

test('an unknown part is a problem', () => {
  expect(readArguments(['--only', 'unti'])).toContain('unti');
  expect(readArguments(['--only'])).toContain('nothing');
});

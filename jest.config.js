// Run through `npm test` (test/run.ts), or one file by hand:
//   node_modules/.bin/node --experimental-vm-modules node_modules/jest/bin/jest.js test/unit/proto/errors.test.ts

const common = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/test/support/strip-types.js' },
  modulePathIgnorePatterns: ['<rootDir>/.cache/', '<rootDir>/results/'],
};

export default {
  // Testbed tests share the machine's cores and links, so one at a time; test/run.ts gives the unit tests more workers.
  maxWorkers: 1,
  projects: [
    {
      ...common,
      displayName: 'unit',
      testMatch: ['<rootDir>/test/unit/**/*.test.ts'],
      setupFilesAfterEnv: ['<rootDir>/test/support/testbed-timeout.js'],
    },
    {
      ...common,
      displayName: 'testbed',
      testMatch: ['<rootDir>/test/{conformance,testbed}/**/*.test.ts'],
      setupFilesAfterEnv: ['<rootDir>/test/support/testbed-timeout.js'],
    },
    {
      ...common,
      displayName: 'browser',
      testMatch: ['<rootDir>/test/browser/**/*.test.ts'],
      setupFilesAfterEnv: ['<rootDir>/test/support/testbed-timeout.js'],
    },
  ],
};

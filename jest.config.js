// Run through `npm test` (test/run.ts), or one file by hand:
//   node_modules/.bin/node --experimental-vm-modules node_modules/jest/bin/jest.js test/unit/proto/errors.test.ts
import { readFileSync } from 'node:fs';

const { exports: exported } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));

/** Studies import livemig by its name: `livemig/study` is what dist/harness/study.js is compiled from. */
const ownPackage = Object.fromEntries(
  Object.entries(exported)
    .filter(([, file]) => file.endsWith('.js'))
    .map(([name, file]) => [
      `^livemig${name.slice(1)}$`,
      file.replace('./dist/', '<rootDir>/').replace(/\.js$/, '.ts'),
    ]),
);

const common = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/test/support/strip-types.js' },
  moduleNameMapper: ownPackage,
  modulePathIgnorePatterns: ['<rootDir>/.cache/', '<rootDir>/dist/', '<rootDir>/results/'],
};

export default {
  // By hand; test/run.ts says how many of each part run at once.
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
      displayName: 'conformance',
      testMatch: ['<rootDir>/test/conformance/**/*.test.ts'],
      setupFilesAfterEnv: ['<rootDir>/test/support/testbed-timeout.js'],
    },
    {
      ...common,
      displayName: 'uml',
      testMatch: ['<rootDir>/test/uml/**/*.test.ts'],
      setupFilesAfterEnv: ['<rootDir>/test/support/testbed-timeout.js'],
    },
    {
      ...common,
      displayName: 'testbed',
      testMatch: ['<rootDir>/test/testbed/**/*.test.ts'],
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

/**
 * Migrations in tests, `livemig/testing`: a testbed for a whole test file, plain assertions, and matchers for the `expect`
 * of Jest and Vitest. docs/api.md describes it.
 */
export type { Assertion } from './testing/assertions.ts';
export { assertCompletedWithin, assertDowntimeBelow, assertNoPageLost } from './testing/assertions.ts';
export type { MigrationMatchers } from './testing/matchers.ts';
export { matchers } from './testing/matchers.ts';
export { shareTestbed } from './testing/share-testbed.ts';

import type { OpenTestbed, TestbedSettings } from '../api/testbed.ts';
import { openTestbed } from '../api/testbed.ts';

/**
 * A testbed that all tests of a file share: the first run brings it up, and it is taken down after the last test.
 * @param after what the runner calls hooks with: `afterAll`, or `after` of node:test.
 * @throws LivemigError UNSUPPORTED where this machine can't.
 */
export const shareTestbed = (
  after: (hook: () => Promise<void>) => unknown,
  settings: TestbedSettings = {},
): Promise<OpenTestbed> => {
  const opening = openTestbed(settings);
  // Runners take hooks only until the file's own code has run.
  after(async () => {
    const testbed = await opening.catch(() => null);
    await testbed?.[Symbol.asyncDispose]();
  });
  return opening;
};

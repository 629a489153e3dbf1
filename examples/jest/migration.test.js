import { afterAll, expect, test } from '@jest/globals';
import { matchers, shareTestbed } from 'livemig/testing';

expect.extend(matchers);

// Virtual time: no root, and the same figures each time. On real links: `netns` or `docker`.
const testbed = await shareTestbed(afterAll, { driver: 'sim' });
const scenario = { link: 'lan-1g', guest: '64MiB', workload: 'stress:8MiB@2000' };

test('pre-copy keeps the downtime below its limit', async () => {
  const result = await testbed.run({ ...scenario, strategy: 'pre-copy' });
  expect(result).toHaveCompletedWithin(2000);
  expect(result).toHaveDowntimeBelow(300);
  expect(result).toHaveLostNoPage();
});

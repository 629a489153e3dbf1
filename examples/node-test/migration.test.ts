import { after, test } from 'node:test';
import { assertCompletedWithin, assertDowntimeBelow, assertNoPageLost, shareTestbed } from 'livemig/testing';

// Virtual time: no root, and the same figures each time. On real links: `netns` or `docker`.
const testbed = await shareTestbed(after, { driver: 'sim' });
const scenario = { link: 'lan-1g', guest: '64MiB', workload: 'stress:8MiB@2000' };

test('pre-copy keeps the downtime below its limit', async () => {
  const result = await testbed.run({ ...scenario, strategy: 'pre-copy' });
  assertCompletedWithin(result, 2000);
  assertDowntimeBelow(result, 300);
  assertNoPageLost(result);
});

test('post-copy needs no rounds', async () => {
  const result = await testbed.run({ ...scenario, strategy: 'post-copy' });
  assertDowntimeBelow(result, 300);
  assertNoPageLost(result);
});

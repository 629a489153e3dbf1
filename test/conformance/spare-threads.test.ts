import { afterEach, expect, test } from '@jest/globals';
import { endSpareThreads, prepareThreads } from '#hosts/guest/threads';
import { Guest } from '#hosts/guest/guest';
import { loopbackAddresses, loopbackGuest } from '#test/support/loopback-migration';

afterEach(endSpareThreads);

/** Boots a guest of two vCPUs, of which one may get a spare thread. @returns whether it does anything */
const bootAndRun = async (): Promise<boolean> => {
  const [guest] = await Guest.boot(loopbackGuest, 'source', loopbackAddresses.source);
  try {
    guest.resume();
    const before = guest.sample().operations;
    for (let look = 0; look < 500 && guest.sample().operations === before; look += 1)
      await new Promise((resolve) => setTimeout(resolve, 10));
    const ran = guest.sample().operations > before;
    await guest.pause();
    return ran;
  } finally {
    await guest.destroy();
  }
};

test('a guest runs on spare threads, and the next one, for which there are none left, on new ones', async () => {
  await prepareThreads();
  // Those that there are suffice.
  await prepareThreads();
  expect(await bootAndRun()).toBe(true);
  expect(await bootAndRun()).toBe(true);
});

test('spare threads that nobody has taken end', async () => {
  await prepareThreads();
  await endSpareThreads();
  expect(await bootAndRun()).toBe(true);
});

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { HostLoad } from '#hosts/house';
import { createHostLoad } from '#hosts/load/burners';

let load: HostLoad;
beforeEach(() => {
  load = createHostLoad();
});
afterEach(() => load.close());

const burners = { count: 2, share: 0.05, nice: 5 };

describe('the burners of a host', () => {
  test('start, and end when they are told to', async () => {
    const { startBurners, stopBurners } = load.handlers;
    await startBurners(burners, undefined);
    await expect(startBurners(burners, undefined)).rejects.toMatchObject({ code: 'ILLEGAL_PHASE' });
    await stopBurners({}, undefined);
    await startBurners({ ...burners, count: 1 }, undefined);
    await stopBurners({}, undefined);
  }, 30_000);

  test('of a host that has closed do not start', async () => {
    await load.close();
    await expect(load.handlers.startBurners(burners, undefined)).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});

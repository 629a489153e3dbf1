import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { defaultPatience } from '#harness/patience';
import { bounded } from '#harness/testbed/bounded';
import type { Testbed, TestbedDriver } from '#harness/testbed/testbed';
import { scriptedDriver } from '#test/support/scripted-testbed';

const patience = {
  ...defaultPatience,
  probeMs: 20, sweepMs: 20, upMs: 1000, abortUpMs: 50, renewMs: 20, askMs: 20, execGraceMs: 20, downMs: 20,
}; // prettier-ignore
const never = <T>(): Promise<T> => new Promise(() => undefined);
const options = { tcpBufferMaxBytes: 1 };

const up: Testbed[] = [];
afterEach(async () => {
  for (const testbed of up.splice(0)) await testbed[Symbol.asyncDispose]();
});

const withTestbed = (change: Partial<Testbed>): TestbedDriver => {
  const driver = scriptedDriver();
  return {
    ...driver,
    up: async (given) => {
      const testbed = await driver.up(given);
      up.push(testbed);
      return { ...testbed, ...change };
    },
  };
};

const upWith = (change: Partial<Testbed>): Promise<Testbed> =>
  bounded(withTestbed(change), patience).up(options);

describe('every call of a driver is bounded', () => {
  test.each<[string, () => Promise<unknown>, string]>([
    ['probe', () => bounded({ ...scriptedDriver(), probe: never }, patience).probe(), 'TIMEOUT'],
    ['sweep', () => bounded({ ...scriptedDriver(), sweep: never }, patience).sweep(), 'TIMEOUT'],
    [
      'up',
      () => bounded({ ...scriptedDriver(), up: never }, { ...patience, upMs: 20 }).up(options),
      'TIMEOUT',
    ],
    ['exec', async () => (await upWith({ exec: never })).exec('wan', ['true'], { timeoutMs: 1 }), 'TIMEOUT'],
    ['log', async () => (await upWith({ log: never })).log('wan'), 'TIMEOUT'],
    ['describe', async () => (await upWith({ describe: never })).describe(), 'TIMEOUT'],
    ['renew', async () => (await upWith({ renew: never })).renew?.(), 'TIMEOUT'],
    [
      'down',
      async () => (await upWith({ [Symbol.asyncDispose]: never }))[Symbol.asyncDispose](),
      'TESTBED_FAILED',
    ],
  ])('%s', async (_, act, code) => {
    await expect(act()).rejects.toMatchObject({ code });
  });

  test('a call that ends in time is passed through unchanged (negative control)', async () => {
    const testbed = await upWith({});
    expect(await testbed.describe()).toEqual({ kind: 'scripted' });
    expect(await testbed.log('wan')).toContain('last words');
  });

  test('a testbed that comes up after everybody stopped waiting is taken down', async () => {
    const driver = scriptedDriver();
    const slow: TestbedDriver = {
      ...driver,
      up: async (given) => {
        await sleep(100);
        return driver.up(given);
      },
    };
    const controller = new AbortController();
    const late = bounded(slow, patience).up({ ...options, signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(late).rejects.toMatchObject({ code: 'TESTBED_FAILED' });
    while (driver.ups === 0 || driver.live > 0) await sleep(5);
    expect(driver.ups).toBe(1);
  });

  test('a testbed that comes up at the moment of the abort is down by the time the abort is reported', async () => {
    const driver = scriptedDriver();
    const controller = new AbortController();
    const deaf: TestbedDriver = {
      ...driver,
      up: async (given) => {
        const testbed = await driver.up(given);
        controller.abort(new Error('enough'));
        const dispose = async (): Promise<void> => {
          await sleep(20);
          await testbed[Symbol.asyncDispose]();
        };
        return { ...testbed, [Symbol.asyncDispose]: dispose };
      },
    };
    const given = { ...options, signal: controller.signal };
    // It goes in time, however busy the machine is.
    const patient = { ...patience, abortUpMs: 10_000, downMs: 10_000 };
    await expect(bounded(deaf, patient).up(given)).rejects.toThrow('enough');
    expect([driver.ups, driver.live]).toEqual([1, 0]);
  });
});

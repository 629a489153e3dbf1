import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { defaultPatience } from '../../../../harness/patience.ts';
import { bounded } from '../../../../harness/testbed/bounded.ts';
import type { Testbed, TestbedDriver } from '../../../../harness/testbed/testbed.ts';
import { scriptedDriver } from '../../../support/scripted-testbed.ts';

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

describe('whatever a driver does has an end', () => {
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

  test('what ends in time goes through as it is (negative control)', async () => {
    const testbed = await upWith({});
    expect(await testbed.describe()).toEqual({ kind: 'scripted' });
    expect(await testbed.log('wan')).toContain('last words');
  });

  test('a testbed that comes up when nobody waits for it any more is taken down', async () => {
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
});

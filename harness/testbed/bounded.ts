import { codeOf, LivemigError, messageOf } from '#proto/errors';
import type { Patience } from '../patience.ts';
import { defaultPatience } from '../patience.ts';
import { boundText, orLate, untilAborted, within } from '../within.ts';
import type { Testbed, TestbedDriver, TestbedOptions } from './testbed.ts';

/** What a driver does with processes, sockets and engines may hang: here all of it has an end, whatever the driver is. */

const defaultExecMs = 60_000;

const boundedTestbed = (testbed: Testbed, patience: Patience): Testbed => {
  const { askMs, execGraceMs, renewMs, downMs } = patience;
  let down: Promise<void> | null = null;
  const takeDown = async (): Promise<void> => {
    try {
      await within(
        Promise.resolve(testbed[Symbol.asyncDispose]()),
        downMs,
        `taking the testbed ${testbed.id} down`,
      );
    } catch (error) {
      if (codeOf(error) !== 'TIMEOUT') throw error;
      throw new LivemigError(
        'TESTBED_FAILED',
        `${messageOf(error)}; the next run removes what is left of it`,
        {
          cause: error,
        },
      );
    }
  };
  return {
    ...testbed,
    // Of a kept testbed the targets may change.
    get agents() {
      return testbed.agents;
    },
    exec: (role, argv, options = {}) =>
      within(
        testbed.exec(role, argv, options),
        (options.timeoutMs ?? defaultExecMs) + execGraceMs,
        `\`${argv.join(' ')}\` on ${role}`,
      ),
    log: (role) => within(testbed.log(role), askMs, `reading the log of the ${role} agent`),
    describe: () => within(testbed.describe(), askMs, `asking what the testbed ${testbed.id} is made of`),
    ...(testbed.signal === undefined
      ? {}
      : {
          signal: (role, signal) =>
            within(
              testbed.signal?.(role, signal) ?? Promise.resolve(),
              askMs,
              `sending ${signal} to the ${role} agent`,
            ),
        }),
    ...(testbed.renew === undefined
      ? {}
      : {
          renew: () =>
            within(testbed.renew?.() ?? Promise.resolve(), renewMs, 'fresh agents at source and destination'),
        }),
    [Symbol.asyncDispose]: () => (down ??= takeDown()),
  };
};

const up = async (driver: TestbedDriver, options: TestbedOptions, patience: Patience): Promise<Testbed> => {
  const { upMs, abortUpMs } = patience;
  const { signal } = options;
  const work = driver.up(options);
  try {
    return await untilAborted(within(work, upMs, `bringing up a testbed of driver ${driver.name}`), signal);
  } catch (error) {
    // One that comes up after all, be it at this very moment, nobody waits for any more.
    const gone = work.then(
      async (testbed) => {
        await testbed[Symbol.asyncDispose]();
      },
      () => undefined,
    );
    gone.catch(() => undefined);
    // It has been told, and now takes down what it has started.
    if (signal?.aborted !== true || (await orLate(gone, abortUpMs)) !== 'late') throw error;
    throw new LivemigError(
      'TESTBED_FAILED',
      `the testbed that was on its way up did not go within ${boundText(abortUpMs)}; the next run removes what is left of it`,
    );
  }
};

/** The driver, with an end to everything that it may be asked for: TIMEOUT, or TESTBED_FAILED of what may leave something. */
export const bounded = (driver: TestbedDriver, patience: Patience = defaultPatience): TestbedDriver => ({
  name: driver.name,
  ...(driver.noStorage === undefined ? {} : { noStorage: driver.noStorage }),
  probe: () =>
    within(driver.probe(), patience.probeMs, `finding out whether driver ${driver.name} works here`),
  up: async (options) => boundedTestbed(await up(driver, options, patience), patience),
  sweep: () => within(driver.sweep(), patience.sweepMs, 'removing what dead runs left'),
});

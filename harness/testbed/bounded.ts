import { codeOf, LivemigError, messageOf } from '../../proto/errors.ts';
import type { Patience } from '../patience.ts';
import { defaultPatience } from '../patience.ts';
import { boundText, orLate, rejectedBy, within } from '../within.ts';
import type { Testbed, TestbedDriver, TestbedOptions } from './testbed.ts';

/** What a driver does with processes, sockets and engines may hang: here all of it has an end, whatever the driver is. */

const defaultExecMs = 60_000;

/** What comes up after all, when nobody waits for it any more, is taken down again. */
const disown = (late: Promise<Testbed>): void => {
  late
    .then(async (testbed) => {
      await testbed[Symbol.asyncDispose]();
    })
    .catch(() => undefined);
};

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
  work.catch(() => undefined);
  try {
    const bounded = within(work, upMs, `bringing up a testbed of driver ${driver.name}`);
    return await Promise.race([bounded, ...(signal === undefined ? [] : [rejectedBy(signal)])]);
  } catch (error) {
    // It has been told, and now takes down what it has started.
    const hasEnded =
      signal?.aborted !== true ||
      (await orLate(
        work.catch(() => null),
        abortUpMs,
      )) !== 'late';
    disown(work);
    if (hasEnded) throw error;
    throw new LivemigError(
      'TESTBED_FAILED',
      `the testbed that was on its way up did not go within ${boundText(abortUpMs)}; the next run removes what is left of it`,
    );
  }
};

/** The driver, with an end to everything that it may be asked for: TIMEOUT, or TESTBED_FAILED of what may leave something. */
export const bounded = (driver: TestbedDriver, patience: Patience = defaultPatience): TestbedDriver => ({
  name: driver.name,
  probe: () =>
    within(driver.probe(), patience.probeMs, `finding out whether driver ${driver.name} works here`),
  up: async (options) => boundedTestbed(await up(driver, options, patience), patience),
  sweep: () => within(driver.sweep(), patience.sweepMs, 'removing what dead runs left'),
});

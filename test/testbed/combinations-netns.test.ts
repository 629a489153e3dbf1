import { describe, expect, test } from '@jest/globals';
import { Subject } from 'rxjs';
import { connectAgent } from '#harness/control-client';
import type { RunEvent } from '#harness/run';
import { ownRun } from '#harness/run/running';
import { loadDriver } from '#harness/testbed/index';
import { defaultLimits } from '#catalogue/limits';
import { completed, conformanceScenario, run } from '../conformance/migration.ts';
import {
  combine,
  combinedLimits,
  coveringCombinations,
  strategyFor,
} from '../support/capability-combinations.ts';

/** Every pair of capabilities that a migration can have, over a real link: with as many per migration as possible. */

const driver = await loadDriver('netns');
const support = await driver.probe();
const pageCount = conformanceScenario.guest.ramBytes / 4096;

/** As `livemig continue` does. */
const goOn = async (): Promise<void> => {
  const own = await ownRun();
  const source = connectAgent('source', own.agents.source);
  try {
    await source.call('migrateContinue', {});
  } finally {
    source.close();
  }
};

const combinations = coveringCombinations().map((names) => [names.join(', '), names] as const);

const together = (): void => {
  test.each(combinations)('%s', async (_, names) => {
    const events = new Subject<RunEvent>();
    const continued: Promise<void>[] = [];
    events.subscribe((event) => {
      if (event.type === 'status' && event.status === 'pre-switchover') continued.push(goOn());
    });
    const change = {
      strategy: strategyFor(names)!,
      limits: { ...defaultLimits, ...combinedLimits },
      // Whatever isn't among them is off, except what a scenario can only turn off explicitly.
      capabilities: { 'postcopy-preempt': true as const, ...combine(names).capabilities },
    };
    const { integrity, measurement } = completed(await run(driver, change, { events }));
    await Promise.all(continued);
    expect(integrity).toMatchObject({ pagesCompared: pageCount, mismatches: 0, staleReads: 0 });
    expect(continued.length > 0).toBe(names.includes('pause-before-switchover'));
    const told = Object.keys(measurement.capabilities);
    for (const name of ['xbzrle', 'zstd', 'dedup'] as const)
      expect(told.includes(name)).toBe(names.includes(name));
  });
};

if (support.supported) describe('capabilities together in netns', together);
else test.skip(`capabilities together in netns: ${support.reason}`, () => undefined);
